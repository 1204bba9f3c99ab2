/**
 * Where things lie in an ExecuteRequest or a StreamRequest (their first three fields are the same), read without
 * decoding what it carries: 0.3 µs where protobuf-es needs 1.5.
 */
export interface Envelope {
  readonly operation: string;
  readonly params: "typed" | "raw" | "none";
  /** What `typed` says it is, such as "type.googleapis.com/prism.keyvalue.v1.GetRequest". */
  readonly typeUrl: string;
  /** The parameters' first byte in the message, and the one behind their last. */
  readonly start: number;
  readonly end: number;
  /** Whether there is metadata to read. */
  readonly hasMetadata: boolean;
}

const Operation = 1;
const TypedParams = 2;
const RawParams = 3;
const Metadata = 4;

/** Reads an envelope between two offsets. Throws a RangeError where the bytes are no protobuf. */
export function readEnvelope(bytes: Buffer, from: number, to: number): Envelope {
  const fields = new FieldReader(bytes, from, to);
  let operation = "";
  let typeUrl = "";
  let params: Envelope["params"] = "none";
  let start = to;
  let end = to;
  let hasMetadata = false;
  while (fields.next()) {
    if (fields.number === Operation) operation = fields.text();
    else if (fields.number === TypedParams) {
      const any = readAny(bytes, fields.start, fields.end);
      ({ typeUrl, start, end } = any);
      params = "typed";
    } else if (fields.number === RawParams) {
      ({ start, end } = fields);
      params = "raw";
    } else if (fields.number === Metadata) hasMetadata = true;
  }
  return { operation, params, typeUrl, start, end, hasMetadata };
}

/** Reads an ExecuteRequest's metadata; of a key that is there twice, the last one stands. */
export function readMetadata(bytes: Buffer, from: number, to: number): Map<string, string> {
  const metadata = new Map<string, string>();
  const fields = new FieldReader(bytes, from, to);
  while (fields.next()) {
    if (fields.number !== Metadata) continue;
    const entry = new FieldReader(bytes, fields.start, fields.end);
    let key = "";
    let value = "";
    while (entry.next()) {
      if (entry.number === 1) key = entry.text();
      else if (entry.number === 2) value = entry.text();
    }
    metadata.set(key, value);
  }
  return metadata;
}

function readAny(bytes: Buffer, from: number, to: number): { typeUrl: string; start: number; end: number } {
  const fields = new FieldReader(bytes, from, to);
  const any = { typeUrl: "", start: to, end: to };
  while (fields.next()) {
    if (fields.number === 1) any.typeUrl = fields.text();
    else if (fields.number === 2) {
      any.start = fields.start;
      any.end = fields.end;
    }
  }
  return any;
}

const Varint = 0;
const Fixed64 = 1;
const LengthDelimited = 2;
const Fixed32 = 5;

/** Walks the fields of one message. `start` and `end` are those of a length-delimited field, and empty for others. */
class FieldReader {
  number = 0;
  start = 0;
  end = 0;
  readonly #bytes: Buffer;
  readonly #to: number;
  #at: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  next(): boolean {
    if (this.#at === this.#to) return false;
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
