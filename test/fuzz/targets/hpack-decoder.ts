import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ConnectionError } from "../../../src/wire/connection-error.js";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { entryBytes } from "../../../src/wire/hpack/dynamic-table.js";
import { allocatesAtMost } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";
import { blockOf, instruction } from "../hpack-blocks.js";

const bounds = { headerBytes: 2000, headerFields: 20 };

/**
 * Header blocks of instructions, lies and garbage: a block is read, is too large, or is a COMPRESSION_ERROR; the table
 * holds no more than it may; and a block that comes again means what it means to
 * a decoder that remembers none.
 */
export const hpackDecoder = fuzzTarget({
  name: "hpack-decoder",
  testRuns: 1500,
  input: fc.record({
    blocks: fc.array(fc.array(instruction({ broken: true }), { maxLength: 8 }), {
      minLength: 1,
      maxLength: 6,
    }),
    order: fc.array(fc.nat(5), { maxLength: 20 }),
  }),
  open: () => ({
    check: ({ blocks, order }) => {
      const known = blocks.map(blockOf);
      const decoder = new HpackDecoder(bounds);
      const forgetful = new HpackDecoder(bounds);
      allocatesAtMost(512 * 1024, () => {
        for (const which of order) {
          const block = known[which % known.length] ?? Buffer.alloc(0);
          const meaning = meaningOf(decoder, block, 0x82);
          // The size that the table has already changes nothing, but that no block is remembered across it.
          const size = blockOf([{ kind: "resize", bytes: forgetful.table.mostBytes }]);
          deepStrictEqual(meaning, meaningOf(forgetful, Buffer.concat([size, block]), 0));
          if (meaning === "broken") break;
          checkTable(decoder);
        }
      });
    },
  }),
});

type Meaning = readonly string[] | "too large" | "broken";

/** What a decoder makes of a block. */
function meaningOf(decoder: HpackDecoder, block: Buffer, neighbour: number): Meaning {
  // In the middle of a larger buffer, as it is in a read: what lies around it is not its own.
  const around = Buffer.concat([Buffer.from([neighbour]), block, Buffer.from([neighbour])]);
  try {
    const list = decoder.decode(around, 1, around.length - 1);
    if (list === undefined) return "too large";
    ok(list.fields.length <= bounds.headerFields * 2);
    ok(bytesOf(list.fields) <= bounds.headerBytes);
    return list.fields;
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    strictEqual(error.code, ErrorCode.COMPRESSION_ERROR);
    return "broken";
  }
}

function checkTable({ table }: HpackDecoder): void {
  let bytes = 0;
  for (let age = 0; age < table.entries; age++)
    bytes += entryBytes(table.nameAt(age) ?? "", table.valueAt(age) ?? "");
  strictEqual(table.size, bytes);
  ok(table.size <= table.mostBytes && table.mostBytes <= 4096);
  strictEqual(table.nameAt(table.entries), undefined);
}

function bytesOf(fields: readonly string[]): number {
  let bytes = 0;
  for (let i = 0; i < fields.length; i += 2) bytes += entryBytes(fields[i] ?? "", fields[i + 1] ?? "");
  return bytes;
}
