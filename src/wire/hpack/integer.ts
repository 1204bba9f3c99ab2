import { ConnectionError, ErrorCode } from "../error-code.js";

/** Reads HPACK's integers (RFC 7541, section 5.1) and keeps the place. */
export class IntegerReader {
  /** Where the next byte is. */
  at = 0;

  /** The integer whose first byte, with a prefix of so many bits, lies at `at`. Refuses what exceeds 28 bits, or says so in too many bytes. */
  read(bytes: Buffer, prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = (bytes[this.at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = bytes[this.at++];
      if (byte === undefined)
        throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, "an integer is cut short");
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, "an integer is too long");
  }
}

/** Writes an integer behind a prefix of so many bits whose upper bits are `first`; gives the offset behind it. */
export function writeInteger(
  out: Buffer,
  at: number,
  value: number,
  prefixBits: number,
  first: number,
): number {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    out[at++] = first | value;
    return at;
  }
  out[at++] = first | most;
  for (value -= most; value > 127; value >>>= 7) out[at++] = (value & 127) | 128;
  out[at++] = value;
  return at;
}
