import { type CallCounter, latencyBucketsMs } from "../model/proxy-messages.js";

const name = "prism_call_duration_seconds";
const head = [
  `# HELP ${name} How long calls took, from their header block to their end.`,
  `# TYPE ${name} histogram`,
];

/**
 * How long calls took, as a histogram for Prometheus. Written by hand: prom-client's histogram takes single observations,
 * and these have been counted by the proxies already.
 */
export function exposeDurations(calls: readonly CallCounter[]): string {
  return [...head, ...calls.flatMap(linesOf), ""].join("\n");
}

function linesOf({ namespace, operation, code, count, sumMs, buckets }: CallCounter): string[] {
  const labels = [
    ["namespace", namespace],
    ["operation", operation],
    ["code", code],
  ]
    .map(([label = "", value = ""]) => `${label}="${escape(value)}"`)
    .join(",");
  return [
    ...latencyBucketsMs.map(
      (ms, bucket) => `${name}_bucket{${labels},le="${ms / 1000}"} ${buckets[bucket] ?? 0}`,
    ),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sumMs / 1000}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function escape(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}
