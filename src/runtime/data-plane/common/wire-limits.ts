import { type Limits, serverLimits } from "../../../wire/index.js";
import type { WireLimits } from "../../model/proxy-messages.js";

/** A connection looks at its times this often at most, and at least. */
const shortestTickMs = 50;
const longestTickMs = 2000;

/** `server.limits` as a client's HTTP/2 connection keeps them. */
export function wireLimits(limits: WireLimits): Limits {
  const { streamsPerConnection, unreadAnswers, ...rest } = limits;
  const times = [limits.handshakeMs, limits.headerBlockMs, limits.stallMs, limits.idleMs];
  times.push(limits.keepAliveMs, limits.keepAliveAnswerMs);
  const shortest = Math.min(...times.filter((ms) => ms > 0), 4 * longestTickMs);
  return {
    ...serverLimits,
    ...rest,
    concurrentStreams: streamsPerConnection,
    queuedControlFrames: unreadAnswers,
    tickMs: Math.max(shortestTickMs, shortest / 4),
  };
}
