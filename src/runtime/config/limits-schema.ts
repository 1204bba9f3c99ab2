import type { z } from "zod";
import type { WireLimits } from "../model/proxy-messages.js";
import * as part from "./schema-parts.js";

/** HTTP/2's smallest window, and its largest (RFC 9113, section 6.9). */
const window = { min: 65_535, max: 2 ** 31 - 1 };

/** What is held as one text: with base64 it stays below V8's longest, 512 MiB. */
const text = { min: 1024, max: 256 * 1024 ** 2 };

/** `server.limits`. What each bounds, and why it is as it is, stands with the wire's own limits. */
export const limitsSection = part.section({
  connections: part.whole({ min: 1 }).default(10_000),
  streams_per_connection: part.whole({ min: 1 }).default(1_000),
  header_bytes: part.size({ min: 1024, max: 2 ** 24 }).default(65_536),
  header_fields: part.whole({ min: 16, max: 65_536 }).default(256),
  message_bytes: part.size().default(0),
  held_bytes: part.size({ min: 1024 ** 2 }).default(256 * 1024 ** 2),
  inflating_bytes: part.size({ min: 1024 ** 2 }).default(128 * 1024 ** 2),
  http_held_bytes: part.size({ min: 1024 ** 2 }).default(256 * 1024 ** 2),
  json_bytes: part.size(text).default(4 * 1024 ** 2),
  json_line_bytes: part.size(text).default(4 * 1024 ** 2),
  json_values: part.whole({ min: 100, max: 10_000_000 }).default(25_000),
  json_depth: part.whole({ min: 1, max: 1_000 }).default(100),
  json_digits: part.whole({ min: 20, max: 100_000 }).default(1_000),
  unannounced_bytes: part.size({ max: 1024 ** 3 }).default(8 * 1024 ** 2),
  waiting_calls: part.whole({ min: 1 }).default(4096),
  waiting_bytes: part.size({ min: 1024 ** 2 }).default(64 * 1024 ** 2),
  unread_bytes: part.size({ min: 65_536 }).default(16 * 1024 ** 2),
  unanswered_calls: part.whole({ min: 1 }).default(128),
  local_calls: part.whole({ min: 1 }).default(10_000),
  local_message_bytes: part.size({ min: 1024, max: 1024 ** 2 }).default(8 * 1024),
  stream_window: part.size(window).default(512 * 1024),
  connection_window: part.size(window).default(16 * 1024 ** 2),
  handshake_ms: part.time({ min: 1 }).default(10_000),
  header_block_ms: part.time({ min: 1 }).default(10_000),
  request_ms: part.time().default(60_000),
  body_bytes_per_second: part.size({ min: 1 }).default(1024),
  inflating_ms: part.time({ min: 1 }).default(60_000),
  stall_ms: part.time({ min: 1 }).default(60_000),
  idle_ms: part.time().default(0),
  http1_idle_ms: part.time().default(75_000),
  keep_alive_ms: part.time().default(30_000),
  keep_alive_answer_ms: part.time({ min: 1 }).default(10_000),
  reset_burst: part.whole({ min: 1 }).default(100),
  resets_per_second: part.whole().default(50),
  early_answers_per_second: part.whole({ min: 10 }).default(4_000),
  idle_frames_per_second: part.whole({ min: 10 }).default(1_000),
  unread_answers: part.whole({ min: 1 }).default(1_000),
});

/** `server.limits` as the data plane takes them. */
export function toWireLimits(limits: z.output<typeof limitsSection>): WireLimits {
  return {
    connections: limits.connections,
    streamsPerConnection: limits.streams_per_connection,
    headerBytes: limits.header_bytes,
    headerFields: limits.header_fields,
    messageBytes: limits.message_bytes,
    heldBytes: limits.held_bytes,
    inflatingBytes: limits.inflating_bytes,
    httpHeldBytes: limits.http_held_bytes,
    jsonBytes: limits.json_bytes,
    jsonLineBytes: limits.json_line_bytes,
    jsonValues: limits.json_values,
    jsonDepth: limits.json_depth,
    jsonDigits: limits.json_digits,
    unannouncedBytes: limits.unannounced_bytes,
    waitingCalls: limits.waiting_calls,
    waitingBytes: limits.waiting_bytes,
    unreadBytes: limits.unread_bytes,
    unansweredCalls: limits.unanswered_calls,
    localCalls: limits.local_calls,
    localMessageBytes: limits.local_message_bytes,
    streamWindow: limits.stream_window,
    connectionWindow: limits.connection_window,
    handshakeMs: limits.handshake_ms,
    headerBlockMs: limits.header_block_ms,
    requestMs: limits.request_ms,
    bodyBytesPerSecond: limits.body_bytes_per_second,
    inflatingMs: limits.inflating_ms,
    stallMs: limits.stall_ms,
    idleMs: limits.idle_ms,
    http1IdleMs: limits.http1_idle_ms,
    keepAliveMs: limits.keep_alive_ms,
    keepAliveAnswerMs: limits.keep_alive_answer_ms,
    resetBurst: limits.reset_burst,
    resetsPerSecond: limits.resets_per_second,
    earlyAnswersPerSecond: limits.early_answers_per_second,
    idleFramesPerSecond: limits.idle_frames_per_second,
    unreadAnswers: limits.unread_answers,
  };
}
