import { type LoopDelays, loopDelayBucketsMs } from "../../protocol/index.js";
import { exposeFamily, histogramLines, type Labels, lineOf } from "./metric-family.js";

/** Event loops of one kind of process, added up. */
export interface MeasuredLoop {
  /** What tells them from others. */
  readonly labels: Labels;
  readonly delays: LoopDelays;
}

/** How late the event loops of Prism's processes are, as histograms for Prometheus, and their long turns. */
export async function exposeLoopDelays(loops: readonly MeasuredLoop[]): Promise<Buffer> {
  const delay = "prism_event_loop_delay_seconds";
  const long = "prism_event_loop_long_turns_total";
  return Buffer.concat([
    await exposeFamily<MeasuredLoop>({
      name: delay,
      help: "How late event loops came to a timer, by kind of process, and those of plugins by namespace.",
      type: "histogram",
      rows: loops,
      linesOf: ({ labels, delays }) =>
        histogramLines(delay, labels, { ...delays, boundsMs: loopDelayBucketsMs }),
    }),
    await exposeFamily<MeasuredLoop>({
      name: long,
      help: "Turns of an event loop in which its process computed for over 50 ms, by kind of process, and those of plugins by namespace.",
      type: "counter",
      rows: loops,
      linesOf: ({ labels, delays }) => [lineOf(long, labels, delays.longTurns)],
    }),
  ]);
}
