import type { Log } from "./log.js";

/** What an operation may know of the call it serves. */
export interface Call {
  readonly operation: string;
  readonly namespace: string;
  /** Who calls, as Prism proved it; empty when nobody told. */
  readonly principal: string;
  /** W3C trace context to pass on; empty when nobody told. */
  readonly traceparent: string;
  /**
   * Metadata of the call, by its name in lower case: of an Execute what its message says, else what the headers say, where a
   * name that ends in -bin has base64.
   */
  metadata(name: string): string | undefined;
  /** When the caller gives up, in milliseconds since 1970; undefined = it did not say. */
  readonly deadline: number | undefined;
  /** What the values of one answer may have together, in bytes, where there are several: stop reading there. */
  readonly answerBytes: number;
  /** Aborts when the caller leaves, its deadline passes, or the plugin must end. Costs nothing until it is asked for. */
  readonly signal: AbortSignal;
  readonly log: Log;
}
