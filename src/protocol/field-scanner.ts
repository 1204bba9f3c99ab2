const Varint = 0;
const Fixed64 = 1;
const LengthDelimited = 2;
const Fixed32 = 5;

const operationTag = (1 << 3) | LengthDelimited;
const typedParamsTag = (2 << 3) | LengthDelimited;
const metadataTag = (4 << 3) | LengthDelimited;
/** Up to here fields are known, and all of them length-delimited; in what typed_params and metadata hold as well. */
const lastKnown = 4;
const lastKnownWithin = 2;
const longestOperation = 128;
const longestVarint = 10;

/**
 * Walks the fields of an ExecuteRequest as its bytes come by, and keeps its operation. What ends on a boundary can be
 * appended to: a last field that claims more bytes than there are would swallow what is written behind it. Not every
 * decoder holds a message within the request to its end, or a known field to its wire type, so both are walked as well.
 */
export class FieldScanner {
  /** The operation, as far as it has come by; of several, the last stands. Empty where it is longer than any name. */
  get operation(): string {
    return this.#operation;
  }

  #operation = "";
  #kept = "";
  #expects: "tag" | "varint" | "length" | "bytes" = "tag";
  #value = 0;
  #factor = 1;
  #valueBytes = 0;
  #left = 0;
  #keeps = false;
  #tag = 0;
  #isWithin = false;
  /** Bytes that are still to come of the message within. */
  #leftWithin = 0;

  /** Walks over more bytes; false once they cannot be protobuf. */
  push(bytes: Buffer, from: number, to: number): boolean {
    let at = from;
    while (at < to) {
      if (this.#expects === "bytes") {
        at = this.#pass(bytes, at, to);
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.#isWithin && --this.#leftWithin < 0) return false;
      this.#value += (byte & 0x7f) * this.#factor;
      this.#factor *= 0x80;
      this.#valueBytes++;
      if (byte >= 0x80) {
        if (this.#valueBytes === longestVarint) return false;
      } else if (!this.#number()) return false;
    }
    return true;
  }

  /** Whether the bytes so far end where a field ends. */
  get atBoundary(): boolean {
    return this.#expects === "tag" && this.#valueBytes === 0 && !this.#isWithin;
  }

  /** A varint is complete: what it was, and what comes next. */
  #number(): boolean {
    const value = this.#value;
    this.#value = this.#valueBytes = 0;
    this.#factor = 1;
    if (this.#expects === "tag") return this.#begin(value);
    if (this.#expects === "length") return this.#expect(value);
    this.#end();
    return true;
  }

  #begin(tag: number): boolean {
    this.#tag = tag;
    this.#keeps = false;
    if (tag < 8 || tag > 0xffff_ffff) return false;
    const wireType = tag % 8;
    if (wireType === LengthDelimited) this.#expects = "length";
    else if (tag >>> 3 <= (this.#isWithin ? lastKnownWithin : lastKnown)) return false;
    else if (wireType === Varint) this.#expects = "varint";
    else if (wireType === Fixed64) return this.#expect(8);
    else if (wireType === Fixed32) return this.#expect(4);
    else return false; // groups, which an unended one makes swallow the rest, and what is no wire type
    return true;
  }

  /** So many bytes of a field follow: they are walked, kept or passed over. */
  #expect(bytes: number): boolean {
    if (this.#isWithin) {
      if (bytes > this.#leftWithin) return false;
      this.#leftWithin -= bytes;
    } else if (this.#tag === typedParamsTag || this.#tag === metadataTag) {
      this.#isWithin = bytes > 0;
      this.#leftWithin = bytes;
      this.#expects = "tag";
      return true;
    } else if (this.#tag === operationTag) {
      this.#operation = this.#kept = "";
      this.#keeps = bytes <= longestOperation;
    }
    this.#left = bytes;
    if (bytes === 0) this.#end();
    else this.#expects = "bytes";
    return true;
  }

  /** A field has ended, and with it perhaps the message within. */
  #end(): void {
    this.#expects = "tag";
    this.#isWithin &&= this.#leftWithin > 0;
  }

  #pass(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#left);
    this.#left -= end - at;
    if (this.#keeps) this.#kept += bytes.toString("latin1", at, end);
    if (this.#left === 0) {
      this.#end();
      if (this.#keeps) this.#operation = this.#kept;
    }
    return end;
  }
}
