import { PrismError } from "../protocol/index.js";
import type { Backlog } from "../wire/index.js";

/** What a plugin's process may hold of answers that Prism does not take. */
export interface UnsentBounds {
  /** Bytes on one connection. */
  readonly perConnection: number;
  /** Bytes on all of them. */
  readonly inAll: number;
}

/** A call that waits until what was answered before it has been taken. */
export interface Waiting {
  /** What it holds meanwhile. */
  readonly heldBytes: number;
  /** There is room: answer it now. */
  proceed(): void;
}

/** A call whose answer is on its way. */
export interface Sending {
  /** Bytes of it that wait. */
  readonly unsentBytes: number;
  /** Nobody takes it, and others wait: ends it. */
  giveUp(): void;
}

/** Calls that may wait on a connection, and what they may hold. */
const mostWaiting = 10_000;
const mostWaitingBytes = 16 * 1024 * 1024;

/** Of large answers so much is made in one turn of the loop: then others are heard, and those who leave. */
const mostBytesATurn = 1024 * 1024;

/** While others wait, how often what is sent is looked after, and how often in a row it may not have moved. */
const lookEveryMs = 1000;
const mostLooks = 5;

/** All that one process has answered and Prism has not taken. */
export class UnsentAnswers {
  readonly #bounds: UnsentBounds;
  readonly #connections = new Set<ConnectionAnswers>();
  #bytes = 0;

  constructor(bounds: UnsentBounds) {
    this.#bounds = bounds;
  }

  /** The account of a new connection. End it with {@link ConnectionAnswers.close}. */
  connection(): ConnectionAnswers {
    const made = new ConnectionAnswers(this.#bounds.perConnection, {
      isFull: () => this.#bytes >= this.#bounds.inAll,
      count: (bytes) => this.#count(bytes),
      closed: () => this.#connections.delete(made),
    });
    this.#connections.add(made);
    return made;
  }

  #count(bytes: number): void {
    const wasFull = this.#bytes >= this.#bounds.inAll;
    this.#bytes += bytes;
    if (!wasFull || this.#bytes >= this.#bounds.inAll) return;
    for (const connection of this.#connections) connection.resume();
  }
}

/** What a connection asks of the account of all. */
interface Whole {
  isFull(): boolean;
  count(bytes: number): void;
  closed(): void;
}

/**
 * What was answered on one connection and Prism has not taken. Where it is full, calls wait unrun, in the order in which
 * they came. Their requests are credited all the same, and bounded: on a connection that many share, a window withheld
 * from one would stop the others.
 */
export class ConnectionAnswers implements Backlog {
  readonly #most: number;
  readonly #whole: Whole;
  readonly #waiting = new Set<Waiting>();
  /** By how often in a row they have not moved, and what they had to send then. */
  readonly #sending = new Map<Sending, { looks: number; bytes: number }>();
  #bytes = 0;
  #waitingBytes = 0;
  #isResuming = false;
  /** Of large answers, in this turn. */
  #madeBytes = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(most: number, whole: Whole) {
    this.#most = most;
    this.#whole = whole;
  }

  /** No answer should be made that cannot leave at once. */
  get isFull(): boolean {
    return this.#bytes >= this.#most || this.#whole.isFull();
  }

  /** Enough large answers were made in this turn; the next ones are made in another. */
  get isSpent(): boolean {
    return this.#madeBytes >= mostBytesATurn;
  }

  /** A large answer was made. */
  made(bytes: number): void {
    if (this.#madeBytes === 0)
      setImmediate(() => {
        this.#madeBytes = 0;
        this.resume();
      });
    this.#madeBytes += bytes;
  }

  take(bytes: number): boolean {
    this.#bytes += bytes;
    this.#whole.count(bytes);
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
    this.#whole.count(-bytes);
    if (this.#waiting.size > 0) this.resume();
  }

  /** Waits behind those that wait already; false where these are too many, or hold too much. */
  wait(call: Waiting): boolean {
    if (this.#waiting.size >= mostWaiting || this.#waitingBytes + call.heldBytes > mostWaitingBytes)
      return false;
    this.#waiting.add(call);
    this.#waitingBytes += call.heldBytes;
    this.#watch ??= setInterval(() => this.#look(), lookEveryMs).unref();
    return true;
  }

  /** The call waits no more. Ignored where it did not. */
  forget(call: Waiting): void {
    if (this.#waiting.delete(call)) this.#waitingBytes -= call.heldBytes;
    if (this.#waiting.size === 0) this.#rest();
  }

  /** An answer did not leave at once. */
  sends(call: Sending): void {
    this.#sending.set(call, { looks: 0, bytes: call.unsentBytes });
  }

  /** … and now it has left, or its call is over. */
  sent(call: Sending): void {
    this.#sending.delete(call);
  }

  /** Lets those proceed for whom there is room: in a turn of their own, as this is called while frames are written. */
  resume(): void {
    if (this.#isResuming || this.#waiting.size === 0 || this.isFull) return;
    this.#isResuming = true;
    setImmediate(() => {
      this.#isResuming = false;
      for (const call of this.#waiting) {
        if (this.isFull || this.isSpent) return;
        this.forget(call);
        call.proceed();
      }
    });
  }

  /** The connection is gone, and its calls have heard it. */
  close(): void {
    this.#rest();
    this.#whole.count(-this.#bytes);
    this.#bytes = 0;
    this.#whole.closed();
  }

  #look(): void {
    for (const [call, last] of this.#sending) {
      const bytes = call.unsentBytes;
      const looks = bytes === last.bytes ? last.looks + 1 : 0;
      if (looks >= mostLooks) call.giveUp();
      else this.#sending.set(call, { looks, bytes });
    }
  }

  #rest(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}

/** As many calls wait for room as may. */
export function noMoreWait(): PrismError {
  const message =
    "answers that nobody takes fill the plugin (unsent_bytes), and as many calls wait as may: read your answers, or try again later";
  return new PrismError("overLimit", message, { info: { limit: "unsent_bytes" } });
}
