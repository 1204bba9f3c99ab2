import { type LoopDelays, loopDelayBucketsMs } from "../../protocol/index.js";

const delay = "prism_event_loop_delay_seconds";
const long = "prism_event_loop_long_turns_total";

/** Event loops of one kind of process, added up. */
export interface MeasuredLoop {
  /** What tells them from others; values need no escapes. */
  readonly labels: Readonly<Record<string, string>>;
  readonly delays: LoopDelays;
}

/** How late the event loops of Prism's processes are, as histograms for Prometheus, and their long turns. */
export function exposeLoopDelays(loops: readonly MeasuredLoop[]): string {
  return [
    `# HELP ${delay} How late event loops came to a timer, by kind of process, and those of plugins by namespace.`,
    `# TYPE ${delay} histogram`,
    ...loops.flatMap(histogramOf),
    `# HELP ${long} Turns of an event loop in which its process computed for over 50 ms, by kind of process, and those of plugins by namespace.`,
    `# TYPE ${long} counter`,
    ...loops.map(({ labels, delays }) => `${long}{${textOf(labels)}} ${delays.longTurns}`),
    "",
  ].join("\n");
}

function histogramOf({ labels, delays: { buckets, count, sumMs } }: MeasuredLoop): string[] {
  const text = textOf(labels);
  return [
    ...loopDelayBucketsMs.map(
      (ms, bucket) => `${delay}_bucket{${text},le="${ms / 1000}"} ${buckets[bucket] ?? 0}`,
    ),
    `${delay}_bucket{${text},le="+Inf"} ${count}`,
    `${delay}_sum{${text}} ${sumMs / 1000}`,
    `${delay}_count{${text}} ${count}`,
  ];
}

function textOf(labels: MeasuredLoop["labels"]): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
}
