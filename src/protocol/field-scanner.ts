const Varint = 0;
const Fixed64 = 1;
const LengthDelimited = 2;
const Fixed32 = 5;

const Operation = 1;
const longestOperation = 128;
const longestVarint = 10;

/**
 * Walks the top-level fields of an ExecuteRequest as its bytes come by, and keeps its operation. What ends on a boundary
 * can be appended to: a last field that claims more bytes than there are would swallow what is written behind it.
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

  /** Walks over more bytes; false once they cannot be protobuf. */
  push(bytes: Buffer, from: number, to: number): boolean {
    let at = from;
    while (at < to) {
      if (this.#expects === "bytes") {
        at = this.#pass(bytes, at, to);
        continue;
      }
      const byte = bytes[at++] ?? 0;
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
    return this.#expects === "tag" && this.#valueBytes === 0;
  }

  /** A varint is complete: what it was, and what comes next. */
  #number(): boolean {
    const value = this.#value;
    this.#value = this.#valueBytes = 0;
    this.#factor = 1;
    if (this.#expects === "tag") return this.#begin(value);
    if (this.#expects === "length") this.#expect(value);
    else this.#expects = "tag";
    return true;
  }

  #begin(tag: number): boolean {
    this.#tag = tag;
    this.#keeps = false;
    if (tag < 8 || tag > 0xffff_ffff) return false;
    const wireType = tag % 8;
    if (wireType === LengthDelimited) this.#expects = "length";
    else if (wireType === Varint) this.#expects = "varint";
    else if (wireType === Fixed64) this.#expect(8);
    else if (wireType === Fixed32) this.#expect(4);
    else return false; // groups, which an unended one makes swallow the rest, and what is no wire type
    return true;
  }

  #expect(bytes: number): void {
    if (this.#tag === ((Operation << 3) | LengthDelimited)) {
      this.#operation = this.#kept = "";
      this.#keeps = bytes <= longestOperation;
    }
    this.#left = bytes;
    this.#expects = bytes === 0 ? "tag" : "bytes";
  }

  #pass(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#left);
    this.#left -= end - at;
    if (this.#keeps) this.#kept += bytes.toString("latin1", at, end);
    if (this.#left === 0) {
      this.#expects = "tag";
      if (this.#keeps) this.#operation = this.#kept;
    }
    return end;
  }
}
