import type { SmallMessage } from "../plugin/messages.js";

/** Where a load goes: a port of this machine, or a Unix socket. */
export type Target = { readonly port: number } | { readonly path: string };

/** Small unary calls, each with a 32-byte key, each answered with a 100-byte value. */
export interface SmallCalls {
  readonly kind: "small calls";
  readonly target: Target;
  /** The method's path. */
  readonly method: string;
  readonly message: SmallMessage;
  /** Each call carries a traceparent of its own. Otherwise all calls of a connection have the same header block. */
  readonly traced: boolean;
  /** Calls go in turn to so many: `bench`, `bench-0`, `bench-1`, … */
  readonly namespaces: number;
  readonly connections: number;
  /** Closed loop: callers a connection, each of which sends its next call when the last is answered. */
  readonly streams: number;
  /** Open loop: calls a second, whether answered or not, on the same connections. 0 = closed loop. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** Objects of 64 MiB, one after another by each of `connections × streams` callers. */
export interface Objects {
  readonly kind: "objects";
  readonly target: Target;
  readonly method: string;
  readonly direction: "put" | "fetch";
  readonly connections: number;
  readonly streams: number;
  /** Bytes a second that each caller reads; 0 = as fast as they come. */
  readonly readBytesPerSecond: number;
  readonly seconds: number;
}

export type Job = SmallCalls | Objects;

/** What came of a job. */
export interface JobResult {
  readonly calls: number;
  readonly failed: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Milliseconds at each of {@link percentiles}; in an open loop from the moment a call was due. */
  readonly latencyMs: readonly number[];
  /** CPU that the load itself took, as a share of one core. */
  readonly loadShare: number;
}

/** Where latencies are read. */
export const percentiles = [50, 75, 90, 95, 99, 99.9] as const;
