import { largestWindow } from "./frame.js";

/** How much we may send: on a stream, or on a connection (RFC 9113, section 5.2). */
export class SendWindow {
  /** May be negative, after SETTINGS that made it smaller. */
  left: number;

  constructor(size: number) {
    this.left = size;
  }

  /** So many bytes of DATA have been sent. */
  take(bytes: number): void {
    this.left -= bytes;
  }

  /** The peer allows so many more, or fewer; false where the window becomes larger than a window may be. */
  grow(bytes: number): boolean {
    this.left += bytes;
    return this.left <= largestWindow;
  }
}

/** How much the peer may send. What has been dealt with is given back in batches of half a window. */
export class ReceiveWindow {
  readonly #size: number;
  #left: number;
  #due = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** So many bytes of DATA have come; false where that is more than was allowed. */
  take(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** So many bytes have been dealt with. Returns the WINDOW_UPDATE that is due now, 0 = none yet. */
  give(bytes: number): number {
    this.#due += bytes;
    if (this.#due * 2 < this.#size) return 0;
    const increment = this.#due;
    this.#left += increment;
    this.#due = 0;
    return increment;
  }
}
