/** Bytes of one pack: so small that what has been read of it does not weigh. */
const mostBytes = 16 * 1024;
/** Before each message stands its length. */
const lengthBytes = 2;
const firstBytes = 256;

/** Small messages in the order they came, in one buffer: a hundred thousand empty ones take what they weigh on the wire. */
export class PackedMessages {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #from = 0;
  #to = 0;

  /** Begins with a message; of this one, and of each that is added, a copy is kept. */
  constructor(message: Uint8Array) {
    this.add(message);
  }

  /** All have been taken. */
  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  /** Adds a message of at most 64 KiB − 1; false, and adds nothing, where the pack is full. */
  add(message: Uint8Array): boolean {
    const needed = this.#to + lengthBytes + message.length;
    if (needed > mostBytes && this.#to > 0) return false;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(mostBytes, 2 * this.#bytes.length)));
      this.#bytes.copy(larger, 0, 0, this.#to);
      this.#bytes = larger;
    }
    this.#bytes.writeUInt16BE(message.length, this.#to);
    this.#bytes.set(message, this.#to + lengthBytes);
    this.#to = needed;
    return true;
  }

  /** The next message, as a copy of the taker's own. There must be one: see {@link isEmpty}. */
  next(): Buffer {
    const begin = this.#from + lengthBytes;
    this.#from = begin + this.#bytes.readUInt16BE(this.#from);
    return Buffer.from(this.#bytes.subarray(begin, this.#from));
  }
}
