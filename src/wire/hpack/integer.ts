import { ConnectionError } from "../connection-error.js";
import { ErrorCode } from "../error-code.js";

/** Bytes behind the first one: enough for 28 bits, more than any length or index of ours. */
const mostBytes = 4;

/** Reads HPACK's integers (RFC 7541, section 5.1) and keeps the place. */
export class IntegerReader {
  /** Where the next byte is. */
  at = 0;

  /**
   * The integer whose first byte, with a prefix of so many bits, lies at `at`. Refuses what exceeds 28 bits, is longer
   * than it need be beyond that, or goes past `end`.
   */
  read(bytes: Buffer, end: number, prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = this.#next(bytes, end) & most;
    if (value < most) return value;
    for (let i = 0; i < mostBytes; i++) {
      const byte = this.#next(bytes, end);
      value += (byte & 127) << (7 * i);
      if (byte < 128) return value;
    }
    throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, "an integer is too long");
  }

  #next(bytes: Buffer, end: number): number {
    if (this.at >= end) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, "an integer is cut short");
    return bytes[this.at++] ?? 0;
  }
}

/** Where an integer goes: which bits of its first byte are taken already. */
export interface Prefix {
  readonly bits: number;
  readonly first: number;
}

/** Writes an integer behind its prefix; gives the offset behind it. */
export function writeInteger(out: Buffer, at: number, value: number, { bits, first }: Prefix): number {
  const most = (1 << bits) - 1;
  if (value < most) {
    out[at] = first | value;
    return at + 1;
  }
  out[at++] = first | most;
  let rest = value - most;
  for (; rest > 127; rest >>>= 7) out[at++] = (rest & 127) | 128;
  out[at++] = rest;
  return at;
}
