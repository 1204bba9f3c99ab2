import { type LoopDelays, loopDelayBucketsMs } from "../../protocol/index.js";

const delay = "prism_event_loop_delay_seconds";
const long = "prism_event_loop_long_turns_total";

/** How late the event loops of Prism's processes are, by kind of process, as a histogram for Prometheus, and their long turns. */
export function exposeLoopDelays(kinds: Readonly<Record<string, LoopDelays>>): string {
  const all = Object.entries(kinds);
  return [
    `# HELP ${delay} How late event loops came to a timer, by kind of process.`,
    `# TYPE ${delay} histogram`,
    ...all.flatMap(([kind, delays]) => histogramOf(kind, delays)),
    `# HELP ${long} Turns of an event loop in which its process computed for over 50 ms, by kind of process.`,
    `# TYPE ${long} counter`,
    ...all.map(([kind, { longTurns }]) => `${long}{process="${kind}"} ${longTurns}`),
    "",
  ].join("\n");
}

function histogramOf(kind: string, { buckets, count, sumMs }: LoopDelays): string[] {
  return [
    ...loopDelayBucketsMs.map(
      (ms, bucket) => `${delay}_bucket{process="${kind}",le="${ms / 1000}"} ${buckets[bucket] ?? 0}`,
    ),
    `${delay}_bucket{process="${kind}",le="+Inf"} ${count}`,
    `${delay}_sum{process="${kind}"} ${sumMs / 1000}`,
    `${delay}_count{process="${kind}"} ${count}`,
  ];
}
