import { ConnectionError, overLimit } from "./connection-error.js";
import { ErrorCode } from "./error-code.js";
import type { Limits } from "./limits.js";
import type { Refusal } from "./refusal.js";

/** A stream with something to send, as the watch sees it. */
export interface WatchedStream {
  readonly hasQueue: boolean;
  hasMoved: boolean;
  stalledMs: number;
  reset(code: number): void;
}

/** A connection, as the watch sees it. */
export interface Watched {
  /** The peer's SETTINGS have come, and ours are acknowledged. */
  readonly isSettled: boolean;
  /** When the first byte came of a frame or a header block that is not whole yet; 0 = none. */
  readonly partialSince: number;
  /** The peer says no more, and so answers no PING. */
  readonly isHalfClosed: boolean;
  /** The socket takes nothing. */
  readonly isChoked: boolean;
  readonly streams: number;
  readonly live: { values(): Iterable<WatchedStream> };
  ping(): void;
  /** Nothing has been said lately: what is kept for speed may go. */
  rest(): void;
  shutdown(): void;
  /** Goes on with a shutdown whose PING was not answered. */
  endShutdown(): void;
  /** Tells that the peer is refused something. */
  refused(refusal: Refusal, message: string): void;
  /** Ends the connection for what the peer did, or did not do. */
  cut(error: ConnectionError): void;
}

/** Looks at a connection's times now and then: one timer a connection, whatever its streams, and the precision of a tick. */
export class Watch {
  readonly #connection: Watched;
  readonly #limits: Limits;
  readonly #begunAt: number;
  #tickedAt: number;
  #heardAt: number;
  #pingedAt = 0;
  #shutdownAt = 0;
  #idleSince: number;
  #chokedMs = 0;
  #hasHeard = false;

  constructor(connection: Watched, limits: Limits, now: number) {
    this.#connection = connection;
    this.#limits = limits;
    this.#begunAt = this.#tickedAt = this.#heardAt = this.#idleSince = now;
  }

  /** Something has come. */
  heard(): void {
    this.#hasHeard = true;
  }

  /** The socket has taken something after it had taken nothing. */
  moved(): void {
    this.#chokedMs = 0;
  }

  /** A shutdown waits for the answer to its PING. */
  shuttingDown(now: number): void {
    this.#shutdownAt = now;
  }

  /** Looks. Ends what took too long. */
  tick(now: number): void {
    const elapsedMs = now - this.#tickedAt;
    this.#tickedAt = now;
    const late = this.#late(now, elapsedMs);
    if (late !== undefined) {
      this.#connection.cut(late);
      return;
    }
    this.#resetStalled(elapsedMs);
    this.#keepAlive(now);
    this.#endIdle(now);
    this.#hasHeard = false;
  }

  #late(now: number, elapsedMs: number): ConnectionError | undefined {
    const { handshakeMs, headerBlockMs, stallMs } = this.#limits;
    const { isSettled, partialSince, isChoked } = this.#connection;
    if (!isSettled && isOver(now - this.#begunAt, handshakeMs)) {
      const message = `no preface, SETTINGS and answer to ours within ${handshakeMs} ms (handshake_ms)`;
      return new ConnectionError(ErrorCode.SETTINGS_TIMEOUT, message, "handshake_ms");
    }
    if (partialSince > 0 && isOver(now - partialSince, headerBlockMs)) {
      return overLimit("header_block_ms", `a frame took more than ${headerBlockMs} ms`);
    }
    this.#chokedMs = isChoked ? this.#chokedMs + elapsedMs : 0;
    if (isOver(this.#chokedMs, stallMs)) {
      return overLimit("stall_ms", `the peer has read nothing for ${stallMs} ms`);
    }
    return undefined;
  }

  #resetStalled(elapsedMs: number): void {
    for (const stream of this.#connection.live.values()) {
      stream.stalledMs = stream.hasQueue && !stream.hasMoved ? stream.stalledMs + elapsedMs : 0;
      stream.hasMoved = false;
      if (!isOver(stream.stalledMs, this.#limits.stallMs)) continue;
      this.#connection.refused("stall_ms", `a stream's window was not opened for ${this.#limits.stallMs} ms`);
      stream.reset(ErrorCode.CANCEL);
    }
  }

  #keepAlive(now: number): void {
    const { keepAliveMs, keepAliveAnswerMs } = this.#limits;
    if (this.#connection.isHalfClosed) return;
    if (this.#hasHeard) {
      this.#heardAt = now;
      this.#pingedAt = 0;
    } else if (this.#pingedAt > 0) {
      if (!isOver(now - this.#pingedAt, keepAliveAnswerMs)) return;
      const message = `no answer to PING within ${keepAliveAnswerMs} ms (keep_alive_ms)`;
      this.#connection.cut(new ConnectionError(ErrorCode.NO_ERROR, message, "keep_alive_ms"));
    } else if (isOver(now - this.#heardAt, keepAliveMs)) {
      this.#pingedAt = now;
      this.#connection.ping();
    }
  }

  #endIdle(now: number): void {
    const { idleMs, keepAliveAnswerMs } = this.#limits;
    if (this.#shutdownAt > 0 && isOver(now - this.#shutdownAt, keepAliveAnswerMs)) {
      this.#shutdownAt = 0;
      this.#connection.endShutdown();
    }
    if (this.#connection.streams > 0) {
      this.#idleSince = now;
      return;
    }
    if (!this.#hasHeard) this.#connection.rest();
    if (isOver(now - this.#idleSince, idleMs)) this.#connection.shutdown();
  }
}

/** A time of 0 is never over. */
function isOver(ms: number, limitMs: number): boolean {
  return limitMs > 0 && ms > limitMs;
}
