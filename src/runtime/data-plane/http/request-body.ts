import { Gathered } from "../../../wire/index.js";
import { PrismError } from "../../../protocol/index.js";
import type { DeadlineWheel } from "../common/deadline-wheel.js";
import { HttpRefusal } from "./http-refusal.js";

/** Where a body comes from. */
export interface BodySource {
  /** Somebody wants the body: let it come. Called once. */
  begin(): void;
  /** So many bytes of window have been taken: as many more may come. */
  taken(windowBytes: number): void;
}

/** A request's body, as it comes. What is not taken is not asked for, so it holds a window and no more. */
export class RequestBody {
  /** By Content-Length; undefined where it does not tell. */
  readonly announcedBytes: number | undefined;
  readonly #source: BodySource;
  readonly #come = new Gathered();
  #windowBytes = 0;
  #begun = false;
  #ended = false;
  #failure: PrismError | undefined;
  #wake: (() => void) | undefined;

  constructor(announcedBytes: number | undefined, source: BodySource) {
    this.announcedBytes = announcedBytes;
    this.#source = source;
  }

  /** Some of it has come, and took so much of the window. */
  push(bytes: Uint8Array, windowBytes: number): void {
    this.#come.push(bytes);
    this.#windowBytes += windowBytes;
    this.#wake?.();
  }

  /** All of it has come. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** No more of it will come, or is wanted. */
  fail(reason: PrismError): void {
    if (!this.#ended) this.#failure ??= reason;
    this.#wake?.();
  }

  /** What has come, waiting for some however long it takes; undefined at the end. Rejects where it breaks off. One at a time. */
  async next(): Promise<Buffer | undefined> {
    this.#begin();
    while (this.#come.length === 0 && !this.#ended && !this.#failure) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#wake = undefined;
    if (this.#failure) throw this.#failure;
    const windowBytes = this.#windowBytes;
    const bytes = this.#come.length > 0 ? this.#come.take() : undefined;
    this.#windowBytes = 0;
    // Last, as more may come within.
    if (windowBytes > 0) this.#source.taken(windowBytes);
    return bytes;
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#source.begin();
  }
}

/** How fast a body has to come. */
export interface Pace {
  readonly deadlines: DeadlineWheel;
  /** `server.limits.request_ms`; 0 = any time. */
  readonly requestMs: number;
  /** What earns a second more: `server.limits.body_bytes_per_second`. */
  readonly bytesPerSecond: number;
  /** It came too slowly. */
  readonly onSlow: (message: string) => void;
}

/** A body that has to come at a pace: a client that trickles it is cut. The time in which nobody asks does not count. */
export class PacedBody {
  readonly #body: RequestBody;
  readonly #pace: Pace;
  #waitedMs = 0;
  #bytes = 0;

  constructor(body: RequestBody, pace: Pace) {
    this.#body = body;
    this.#pace = pace;
  }

  /** The next piece; undefined at the end. */
  next(): Promise<Buffer | undefined> {
    return this.#pace.requestMs === 0 ? this.#body.next() : this.#nextInTime(this.#pace);
  }

  async #nextInTime({ deadlines, requestMs, bytesPerSecond, onSlow }: Pace): Promise<Buffer | undefined> {
    const begunAt = performance.now();
    const earnedMs = (this.#bytes / bytesPerSecond) * 1000;
    const leftMs = Math.max(0, requestMs + earnedMs - this.#waitedMs);
    const onDeadline = (): void => {
      const refusal = tooSlow(bytesPerSecond);
      onSlow(refusal.message);
      this.#body.fail(refusal);
    };
    // Where no time is left the wheel's next tick would be too late: a byte a tick would hold it off for ever.
    if (leftMs === 0) onDeadline();
    const deadline = deadlines.add({ onDeadline }, leftMs);
    try {
      const piece = await this.#body.next();
      this.#bytes += piece?.length ?? 0;
      return piece;
    } finally {
      deadlines.remove(deadline);
      this.#waitedMs += performance.now() - begunAt;
    }
  }
}

function tooSlow(bytesPerSecond: number): HttpRefusal {
  const limit = "server.limits.request_ms";
  const message = `the body kept Prism waiting for longer than ${limit}, and a second for each ${bytesPerSecond} bytes (server.limits.body_bytes_per_second): send it faster`;
  return new HttpRefusal(new PrismError("deadlineExceeded", message, { info: { limit } }), 408);
}
