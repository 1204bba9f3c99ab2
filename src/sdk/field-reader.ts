import { PrismError } from "../protocol/index.js";

const Varint = 0;
const Fixed64 = 1;
const LengthDelimited = 2;
const Fixed32 = 5;

/**
 * Fields that a request may have at all levels: three for each value that JSON may have (`json_values`), as entries of a map
 * have them, and some. Each costs a decoder more memory and time than it has bytes.
 */
export const mostRequestFields = 100_000;

/** A request that has more fields than it may. */
function tooManyFields(): PrismError {
  const message = `the request has more than ${mostRequestFields} fields (request_fields), those of its entries included: send fewer at once`;
  return new PrismError("overLimit", message, { info: { limit: "request_fields" } });
}

/**
 * Walks the fields of one message, and counts them. `start` and `end` are those of a length-delimited field, and empty for
 * others. Throws a RangeError where the bytes are no protobuf, and a PrismError beyond {@link mostRequestFields}.
 */
export class FieldReader {
  number = 0;
  start = 0;
  end = 0;
  readonly #bytes: Buffer;
  readonly #to: number;
  #at: number;
  /** The reader of the whole message, which counts for those within it. */
  #whole: FieldReader = this;
  #fields = 0;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  /** Goes to the next field; false where there is none. */
  next(): boolean {
    if (this.#at === this.#to) return false;
    if (++this.#whole.#fields > mostRequestFields) throw tooManyFields();
    const tag = this.#varint();
    this.number = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === LengthDelimited) {
      const length = this.#varint();
      this.start = this.#at;
      this.#skip(length);
      this.end = this.#at;
      return true;
    }
    if (wireType === Varint) this.#varint();
    else if (wireType === Fixed64) this.#skip(8);
    else if (wireType === Fixed32) this.#skip(4);
    else throw new RangeError(`wire type ${wireType} is none of protobuf's`);
    this.start = this.end = this.#at;
    return true;
  }

  /** Walks over all that is left. */
  walk(): void {
    while (this.next());
  }

  /** The fields of the message that this field is; they count with the others. */
  within(): FieldReader {
    const within = new FieldReader(this.#bytes, this.start, this.end);
    within.#whole = this.#whole;
    return within;
  }

  /** The field as text. */
  text(): string {
    // A name that is no UTF-8 is none that is declared, and nobody keeps what metadata say.
    // eslint-disable-next-line no-restricted-syntax
    return this.#bytes.toString("utf8", this.start, this.end);
  }

  #skip(bytes: number): void {
    if (bytes > this.#to - this.#at) throw new RangeError("a field ends behind its message");
    this.#at += bytes;
  }

  /** A varint, as a double: exact where it matters, which is lengths and tags. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#to) throw new RangeError("a number ends behind its message");
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number is longer than ten bytes");
  }
}
