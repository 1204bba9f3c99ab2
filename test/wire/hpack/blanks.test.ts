import { expect, test } from "vitest";
import { HeaderList } from "../../../src/wire/header-list.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { HpackEncoder } from "../../../src/wire/hpack/encoder.js";

const bounds = { headerBytes: 65_536, headerFields: 256 };

/** What is read of fields that are written so, several times on one connection. */
function read(fields: readonly string[], times: number): readonly (string | undefined)[] {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(bounds);
  return Array.from({ length: times }, () => {
    const list = new HeaderList(fields);
    const block = Buffer.alloc(encoder.mostBytes(list));
    return decoder.decode(block, 0, encoder.encode(list, block, 0))?.get("x");
  });
}

test.each([
  ["no such row: ", "no such row:"],
  [" \t both \t", "both"],
  ["   ", ""],
  ["within \t it", "within \t it"],
  ["\xa0not a blank\xa0", "\xa0not a blank\xa0"],
])("the blanks around a value say nothing, from the table too: %j is %j", (sent, taken) => {
  expect(read(["x", sent], 4)).toEqual([taken, taken, taken, taken]);
});

test("a value of nothing but blanks between two letters is read in no time", () => {
  const value = `a${" ".repeat(60_000)}b`;

  expect(read(["x", value], 100).at(-1)).toBe(value);
});
