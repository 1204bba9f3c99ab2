import fc from "fast-check";
import { huffmanEncode, huffmanLength } from "../../src/wire/hpack/huffman.js";
import { writeInteger } from "../../src/wire/hpack/integer.js";
import { hex, unhex } from "./bytes.js";

/** A string of a block; `lie` is added to its length, `huffman` codes it. */
interface FuzzedText {
  readonly text: string;
  readonly huffman: boolean;
  readonly lie: number;
}

/** One instruction of a header block (RFC 7541, section 6) as JSON, or bytes that are none. */
export type Instruction =
  | { readonly kind: "indexed"; readonly index: number }
  | {
      readonly kind: "literal";
      readonly form: 0x40 | 0x00 | 0x10;
      readonly index: number;
      readonly name: FuzzedText;
      readonly value: FuzzedText;
    }
  | { readonly kind: "resize"; readonly bytes: number }
  | { readonly kind: "garbage"; readonly bytes: string };

const lie = fc.oneof(
  { weight: 60, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 20, 2 ** 27) },
);
const huffman = fc.boolean();
const name = fc.record({
  text: fc.constantFrom("x-a", "x-b", "te", "content-type", "x-long-name-of-a-field"),
  huffman,
  lie,
});
const value = fc.record({
  text: fc.oneof(fc.constantFrom("", "1", "trailers", "v".repeat(300)), fc.stringMatching(/^[!-~]{1,40}$/)),
  huffman,
  lie,
});
// Of the dynamic table mostly what is likely to be there: an index that is not ends everything.
const index = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(2, 8, 31, 61, 62, 62) },
  { weight: 5, arbitrary: fc.constantFrom(63, 64, 65) },
  { weight: 1, arbitrary: fc.nat(130) },
);
const form = fc.constantFrom(0x40 as const, 0x00 as const, 0x10 as const);
const nameIndex = fc.oneof(fc.constant(0), index);

/** Any instruction; garbage and sizes of the table where they are asked for. */
export function instruction({ broken }: { broken: boolean }): fc.Arbitrary<Instruction> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("indexed" as const), index }) },
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("literal" as const), form, index: nameIndex, name, value }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("resize" as const),
        bytes: fc.constantFrom(0, 32, 60, 100, 4095, 4096, ...(broken ? [4097, 2 ** 20] : [])),
      }),
    },
    {
      weight: broken ? 1 : 0,
      arbitrary: fc.record({ kind: fc.constant("garbage" as const), bytes: hex(12) }),
    },
  );
}

/** The bytes of a block. */
export function blockOf(instructions: readonly Instruction[]): Buffer {
  return Buffer.concat(instructions.map(bytesOf));
}

function bytesOf(one: Instruction): Buffer {
  if (one.kind === "garbage") return unhex(one.bytes);
  if (one.kind === "indexed") return integer(one.index, 7, 0x80);
  if (one.kind === "resize") return integer(one.bytes, 5, 0x20);
  const parts = [integer(one.index, one.form === 0x40 ? 6 : 4, one.form)];
  if (one.index === 0) parts.push(textBytes(one.name));
  return Buffer.concat([...parts, textBytes(one.value)]);
}

function textBytes({ text, huffman: isCoded, lie: more }: FuzzedText): Buffer {
  const bytes = isCoded ? Buffer.alloc(huffmanLength(text)) : Buffer.from(text, "latin1");
  if (isCoded) huffmanEncode(text, bytes, 0);
  return Buffer.concat([integer(Math.max(0, bytes.length + more), 7, isCoded ? 0x80 : 0), bytes]);
}

function integer(number: number, bits: number, first: number): Buffer {
  const out = Buffer.alloc(8);
  return out.subarray(0, writeInteger(out, 0, number, { bits, first }));
}
