import { FieldReader } from "./field-reader.js";

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

/**
 * Reads an envelope between two offsets. Throws a RangeError where the bytes are no protobuf, metadata included, and a
 * PrismError where there are more fields than a request may have.
 */
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
      const any = readAny(fields.within(), to);
      ({ typeUrl, start, end } = any);
      params = "typed";
    } else if (fields.number === RawParams) {
      ({ start, end } = fields);
      params = "raw";
    } else if (fields.number === Metadata) {
      hasMetadata = true;
      fields.within().walk();
    }
  }
  return { operation, params, typeUrl, start, end, hasMetadata };
}

/** Reads an ExecuteRequest's metadata; of a key that is there twice, the last one stands. */
export function readMetadata(bytes: Buffer, from: number, to: number): Map<string, string> {
  const metadata = new Map<string, string>();
  const fields = new FieldReader(bytes, from, to);
  while (fields.next()) {
    if (fields.number !== Metadata) continue;
    const entry = fields.within();
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

function readAny(fields: FieldReader, to: number): { typeUrl: string; start: number; end: number } {
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
