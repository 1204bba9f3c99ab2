import fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8, OrderedKeys } from "../../../src/plugins/memory/ordered-keys.js";

const text = fc.string({ unit: "binary", maxLength: 4 });
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test("compares texts as their UTF-8 bytes compare", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(byBytes(a, b));
    }),
  );
});

test("keeps keys in order through thousands of additions and removals", () => {
  const keys = new OrderedKeys();
  const there = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const key = String((i * 7919) % 5003);
    keys.add(key);
    there.add(key);
  }
  for (let i = 0; i < 5000; i += 3) {
    const key = String((i * 7919) % 5003);
    keys.delete(key);
    there.delete(key);
  }
  keys.delete("never there");

  const sorted = [...there].sort(byBytes);
  expect([...keys.from("")]).toEqual(sorted);
  expect([...keys.from("3")]).toEqual(sorted.filter((key) => key >= "3"));
  expect([...keys.from("x")]).toEqual([]);
});
