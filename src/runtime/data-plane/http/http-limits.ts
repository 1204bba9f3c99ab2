/** The walls of the HTTP door: those that are configured, and with the reason for each those that are not. */
import type { WireLimits } from "../../model/proxy-messages.js";

/** What the door keeps to of `server.limits`. */
export type HttpLimits = Pick<
  WireLimits,
  | "headerBytes"
  | "headerFields"
  | "headerBlockMs"
  | "httpHeldBytes"
  | "jsonBytes"
  | "jsonLineBytes"
  | "jsonValues"
  | "jsonDepth"
  | "jsonDigits"
  | "unannouncedBytes"
  | "requestMs"
  | "bodyBytesPerSecond"
  | "stallMs"
  | "http1IdleMs"
>;

/** A value up to here is held before its call begins, so that a slow client occupies no stream of the plugin's. */
export const gatheredBytes = 64 * 1024;

/** Values up to here have an ETag: GET holds them to tell it first. No more than a window. */
export const taggedBytes = 256 * 1024;

/** Bytes that may wait between a client and the plugin, each way, beside what their sockets hold. */
export const windowBytes = 256 * 1024;

/** A stream's head waits so long for its first line, so that an operation that fails at once is told by its HTTP status. */
export const firstLineMs = 100;
