import { expect, test } from "vitest";
import { DynamicTable } from "../../../src/wire/hpack/dynamic-table.js";

const names = (table: DynamicTable): (string | undefined)[] =>
  Array.from({ length: table.entries }, (_, age) => table.nameAt(age));

test("the newest entry comes first, and the oldest makes room", () => {
  const table = new DynamicTable(3 * 34);

  for (const name of ["a", "b", "c", "d"]) table.add(name, "1");

  expect(names(table)).toEqual(["d", "c", "b"]);
  expect(table.valueAt(0)).toBe("1");
  expect(table.nameAt(3)).toBeUndefined();
});

test("an entry larger than the table only empties it", () => {
  const table = new DynamicTable(100);
  table.add("a", "1");

  table.add("b", "x".repeat(100));

  expect({ entries: table.entries, size: table.size }).toEqual({ entries: 0, size: 0 });
});

test("a table that becomes smaller keeps what is newest, and may become as large again", () => {
  const table = new DynamicTable(4 * 34);
  for (const name of ["a", "b", "c", "d"]) table.add(name, "1");

  table.resize(2 * 34);
  table.resize(4 * 34);
  table.add("e", "1");

  expect(names(table)).toEqual(["e", "d", "c"]);
});

test("entries stay in order however often the table has turned over", () => {
  const table = new DynamicTable(4096);

  for (let i = 0; i < 1000; i++) table.add(`n${i}`, "");

  expect(names(table)).toEqual(Array.from({ length: table.entries }, (_, age) => `n${999 - age}`));
});

test("its version tells every change", () => {
  const table = new DynamicTable(100);
  const versions = [table.version];

  table.add("a", "1");
  versions.push(table.version);
  table.resize(50);
  versions.push(table.version);

  expect(new Set(versions).size).toBe(3);
});
