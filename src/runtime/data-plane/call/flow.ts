/**
 * Flow control coupled between two streams, one way: the sender is credited only for what the receiver has drained, so
 * that a call never holds more than a window.
 */
export class Flow {
  /** Window bytes that have come and have not been credited. */
  owed = 0;
  /** Bytes that have been sent on and wait for the receiver. */
  waiting = 0;

  /** What may be credited now; it counts as credited from here on. */
  free(): number {
    const bytes = this.owed - this.waiting;
    if (bytes <= 0) return 0;
    this.owed -= bytes;
    return bytes;
  }

  /** All that is owed; it counts as credited from here on. */
  settle(): number {
    const bytes = this.owed;
    this.owed = 0;
    return bytes;
  }
}
