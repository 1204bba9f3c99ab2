import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamTable } from "../../src/wire/stream-table.js";

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), id: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ kind: fc.constant("delete" as const), id: fc.integer({ min: 0, max: 60 }) }),
);

test.each([
  ["that differ by two, as a peer counts them", (n: number) => n * 2 + 1],
  ["that a hostile peer has picked so that they meet in one place", (n: number) => n * 4096 + 1],
])("a table of streams finds those that are there and no other, by ids %s", (_how, idOf) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new StreamTable<{ id: number }>();
      const expected = new Map<number, { id: number }>();
      for (const { kind, id: n } of steps) {
        const id = idOf(n);
        if (kind === "delete") {
          table.delete(id);
          expected.delete(id);
        } else if (!expected.has(id)) {
          const added = { id };
          table.add(added);
          expected.set(id, added);
        }
      }
      expect(table.size).toBe(expected.size);
      expect(new Set(table.values())).toEqual(new Set(expected.values()));
      for (let n = 0; n <= 60; n++) expect(table.get(idOf(n))).toBe(expected.get(idOf(n)));
    }),
  );
});
