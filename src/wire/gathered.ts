const nothing = Buffer.alloc(0);

/** Bytes that come piece by piece. A sender that cuts them into the smallest pieces takes no more room and time than others. */
export class Gathered {
  #buffer: Buffer = nothing;
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of a piece. Where it is known that no more than `most` bytes come, room is made for no more. */
  push(piece: Uint8Array, most = Infinity): void {
    const needed = this.#length + piece.length;
    if (needed > this.#buffer.length) {
      const room = this.#length === 0 ? needed : Math.max(needed, Math.min(most, 2 * this.#buffer.length));
      const grown = Buffer.allocUnsafe(room);
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = needed;
  }

  /** Takes all of them; they are the caller's. */
  take(): Buffer {
    const all = this.#buffer.subarray(0, this.#length);
    this.#buffer = nothing;
    this.#length = 0;
    return all;
  }
}
