import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { StreamTable } from "../../../src/wire/stream-table.js";
import { fuzzTarget } from "../fuzz-target.js";

/** Ids as streams have them, near to each other, and some that share a place whatever the table's size. */
const id = fc.oneof(
  fc.nat(60).map((n) => 2 * n + 1),
  fc.nat(30).map((n) => n * 2 ** 16 + 1),
  fc.nat(2 ** 30 - 1).map((n) => 2 * n + 1),
);
const step = fc.record({ id, adds: fc.nat(2).map((one) => one > 0) });

/** Streams come and go: the table finds what a Map finds, and nothing else. */
export const streamTable = fuzzTarget({
  name: "stream-table",
  testRuns: 500,
  input: fc.array(step, { maxLength: 120, size: "max" }),
  open: () => ({
    check: (steps) => {
      const table = new StreamTable<{ readonly id: number }>();
      const map = new Map<number, { readonly id: number }>();
      for (const one of steps) {
        if (one.adds && !map.has(one.id)) {
          table.add(one);
          map.set(one.id, one);
        } else {
          table.delete(one.id);
          map.delete(one.id);
        }
        strictEqual(table.size, map.size);
        for (const { id: known } of steps) strictEqual(table.get(known), map.get(known));
      }
      deepStrictEqual(idsOf(table.values()), idsOf(map.values()));
    },
  }),
});

function idsOf(streams: Iterable<{ readonly id: number }>): number[] {
  return [...streams].map((stream) => stream.id).toSorted((a, b) => a - b);
}
