const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const padding = 64;
const foreign = 255;

/** What each byte stands for: six bits, {@link padding}, or nothing. */
const meaning = new Uint8Array(256).fill(foreign);
for (const [index, letter] of Buffer.from(alphabet).entries()) meaning[letter] = index;
meaning["=".charCodeAt(0)] = padding;

/** Bytes as base64 (RFC 4648, section 4), padded, so that what is sent may follow what was sent before. */
export function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(buffer, byteOffset, byteLength).toString("base64"), "latin1");
}

/**
 * Reads a stream of base64 that is cut anywhere. Padding may end any group of four letters, not only the last one:
 * gRPC-Web pads whatever is sent at once. Strict otherwise, as there is no second guess at what a message said.
 */
export class Base64Reader {
  /** Of the group that has begun: its letters so far, how many of them are padding, and their bits. */
  #letters = 0;
  #padding = 0;
  #bits = 0;

  /** True between groups: an end anywhere else cuts something short. */
  get atBoundary(): boolean {
    return this.#letters === 0;
  }

  /** The bytes that are complete now; undefined where this is no base64, and then the reader is of no more use. */
  push(text: Uint8Array): Buffer | undefined {
    const bytes = Buffer.allocUnsafe(3 * Math.ceil((this.#letters + text.length) / 4));
    let end = 0;
    for (const letter of text) {
      if (!this.#take(meaning[letter] ?? foreign)) return undefined;
      if (this.#letters === 4) end = this.#write(bytes, end);
    }
    return bytes.subarray(0, end);
  }

  #take(value: number): boolean {
    const isPadding = value === padding;
    if (value === foreign || (isPadding ? this.#letters < 2 : this.#padding > 0)) return false;
    this.#bits = (this.#bits << 6) | (isPadding ? 0 : value);
    this.#letters++;
    if (isPadding) this.#padding++;
    return true;
  }

  /** Writes the group that is complete; returns where the next one goes. */
  #write(bytes: Buffer, at: number): number {
    bytes[at] = this.#bits >>> 16;
    bytes[at + 1] = this.#bits >>> 8;
    bytes[at + 2] = this.#bits;
    const end = at + 3 - this.#padding;
    this.#letters = this.#padding = this.#bits = 0;
    return end;
  }
}
