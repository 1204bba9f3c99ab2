import { ErrorCode } from "./error-code.js";

/** The limits that a peer can meet, by the names that they have in a configuration. */
export const limitNames = [
  "streams_per_connection",
  "header_bytes",
  "handshake_ms",
  "header_block_ms",
  "stall_ms",
  "keep_alive_ms",
  "resets_per_second",
  "early_answers_per_second",
  "idle_frames_per_second",
  "unread_answers",
  "held_bytes",
] as const;

/** One of them. */
export type LimitName = (typeof limitNames)[number];

/**
 * What a peer is refused for: the limit that it met, or the rule that it broke, as RFC 9113, section 7, calls it. A
 * closed list, fit for the labels of a metric.
 */
export type Refusal = LimitName | Lowercase<keyof typeof ErrorCode>;

/** The name of a code, as a refusal is counted by. A code that nobody knows counts as our own fault. */
export function refusalOf(code: number): Refusal {
  return names[code] ?? "internal_error";
}

const names = Object.keys(ErrorCode).map((name) => name.toLowerCase() as Refusal);
