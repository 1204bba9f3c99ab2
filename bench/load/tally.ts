import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** What the callers of one job count together. */
export interface Tally {
  calls: number;
  failed: number;
  /** Of objects, both ways. */
  bytes: number;
  /** In nanoseconds. */
  readonly latency: RecordableHistogram;
}

/** An empty one. */
export function newTally(): Tally {
  return { calls: 0, failed: 0, bytes: 0, latency: createHistogram() };
}

/** Counts a call that took so long. */
export function record(tally: Tally, ms: number): void {
  tally.calls++;
  tally.latency.record(Math.max(1, Math.round(ms * 1e6)));
}
