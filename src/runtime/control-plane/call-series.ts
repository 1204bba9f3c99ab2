import { type CallCounter, latencyBucketsMs } from "../model/proxy-messages.js";
import { exposeFamily, histogramLines, lineOf } from "./metric-family.js";

/** How many calls ended, and how long they took, for Prometheus. */
export async function exposeCalls(calls: readonly CallCounter[]): Promise<Buffer> {
  const name = "prism_call_duration_seconds";
  return Buffer.concat([
    await exposeFamily<CallCounter>({
      name: "prism_calls_total",
      help: "Calls that ended, by namespace, operation and gRPC status.",
      type: "counter",
      rows: calls,
      linesOf: (call) => [lineOf("prism_calls_total", labelsOf(call), call.count)],
    }),
    await exposeFamily<CallCounter>({
      name,
      help: "How long calls took, from their header block to their end.",
      type: "histogram",
      rows: calls,
      linesOf: (call) => histogramLines(name, labelsOf(call), { ...call, boundsMs: latencyBucketsMs }),
    }),
  ]);
}

function labelsOf({ namespace, operation, code }: CallCounter): Record<string, string> {
  return { namespace, operation, code };
}
