import fc from "fast-check";
import { hex, unhex } from "./bytes.js";

/** A field of a protobuf message as JSON: well made, over-long, lying about its length, or nested. */
export interface FuzzedField {
  readonly number: number;
  readonly wireType: number;
  /** Of a varint: its value. */
  readonly value: number;
  /** Bytes that varints take beyond what they need. */
  readonly overlong: number;
  readonly content: string | readonly FuzzedField[];
  /** What the length announces beside the truth. */
  readonly lie: number;
}

/** Numbers and contents that a message's own fields have. */
export interface FieldsOf {
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
  /** Fields of the messages within. */
  readonly within?: FieldsOf;
}

const rarely = <T>(usual: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 25, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

/** The fields of a message. */
export function fields({ numbers, texts, within }: FieldsOf): fc.Arbitrary<FuzzedField[]> {
  const text = fc.constantFrom(...texts).map((chosen) => Buffer.from(chosen).toString("hex"));
  const bytes = fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: hex(20) });
  const content: fc.Arbitrary<FuzzedField["content"]> = within ? fc.oneof(bytes, fields(within)) : bytes;
  const field = fc.record({
    number: fc.oneof(
      { weight: 15, arbitrary: fc.constantFrom(...numbers) },
      fc.constantFrom(0, 7, 15, 16, 2 ** 28),
    ),
    wireType: fc.oneof(
      { weight: 12, arbitrary: fc.constant(2) },
      { weight: 4, arbitrary: fc.constant(0) },
      fc.nat(7),
    ),
    value: fc.oneof(fc.nat(20), fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 40)),
    overlong: rarely(0, fc.nat(11)),
    content,
    lie: rarely(0, fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 50))),
  });
  return fc.array(field, { maxLength: 7 });
}

/** The bytes of fields, one behind the other. */
export function bytesOfFields(all: readonly FuzzedField[]): Buffer {
  return Buffer.concat(all.map(bytesOfField));
}

function bytesOfField({ number, wireType, value, overlong, content, lie }: FuzzedField): Buffer {
  const tag = varint(number * 8 + wireType, overlong);
  if (wireType === 0) return Buffer.concat([tag, varint(value, overlong)]);
  if (wireType === 1) return Buffer.concat([tag, Buffer.alloc(8, value)]);
  if (wireType === 5) return Buffer.concat([tag, Buffer.alloc(4, value)]);
  if (wireType !== 2) return tag;
  const bytes = typeof content === "string" ? unhex(content) : bytesOfFields(content);
  return Buffer.concat([tag, varint(Math.max(0, bytes.length + lie), overlong), bytes]);
}

function varint(value: number, overlong: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  for (let i = 0; i < overlong; i++) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 128;
    bytes.push(0);
  }
  return Buffer.from(bytes);
}
