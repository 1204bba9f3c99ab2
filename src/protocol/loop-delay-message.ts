import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EventLoopDelays, EventLoopDelaysSchema } from "./gen/prism/plugin/plugin_pb.js";
import { loopDelayBucketsMs, type LoopDelays } from "./loop-delay.js";

/** How an event loop fares, as the plugin protocol has it. */
export function messageOfLoop(delays: LoopDelays): MessageInitShape<typeof EventLoopDelaysSchema> {
  const { buckets, count, sumMs, longTurns } = delays;
  return { buckets: buckets.map(BigInt), count: BigInt(count), sumMs, longTurns: BigInt(longTurns) };
}

/** How a plugin says that its event loop fares; undefined where what it says is no histogram. */
export function loopFromMessage(message: EventLoopDelays | undefined): LoopDelays | undefined {
  if (message?.buckets.length !== loopDelayBucketsMs.length) return undefined;
  const { sumMs } = message;
  if (!Number.isFinite(sumMs) || sumMs < 0) return undefined;
  const [count = 0, longTurns = 0, ...buckets] = [message.count, message.longTurns, ...message.buckets].map(
    Number,
  );
  const isCumulative = [...buckets, count].every((each, at, all) => each >= (all[at - 1] ?? 0));
  return isCumulative ? { buckets, count, sumMs, longTurns } : undefined;
}
