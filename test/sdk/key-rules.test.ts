import fc from "fast-check";
import { expect, test } from "vitest";
import { addToNumber, Code, expiryOf, prefixEnd } from "../../src/sdk/index.js";

const text = fc.string({ unit: "binary", maxLength: 6 });
const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test("the range up to a prefix's end holds exactly what begins with the prefix", () => {
  fc.assert(
    fc.property(text, text, (prefix, key) => {
      const end = prefixEnd(prefix);
      const inRange = order(key, prefix) >= 0 && (end === undefined || order(key, end) < 0);

      expect(inRange).toBe(key.startsWith(prefix));
    }),
  );
});

test("the end steps over surrogates and carries over the last character there is", () => {
  expect(prefixEnd("a\ud7ff")).toBe("a\ue000");
  expect(prefixEnd("a\u{10ffff}\u{10ffff}")).toBe("b");
  expect(prefixEnd("\u{10ffff}")).toBeUndefined();
  expect(prefixEnd("")).toBeUndefined();
});

test("a time to live of 0 never ends, and the longest one ends at a number that is still exact", () => {
  expect(expiryOf(0n, 1000)).toBeUndefined();
  expect(expiryOf(5n, 1000)).toBe(1005);
  expect(expiryOf(2n ** 63n - 1n, Date.now())).toBe(Number.MAX_SAFE_INTEGER);
});

test("adding refuses what is no decimal int64, and a sum beyond it", () => {
  expect(addToNumber(undefined, -3n)).toBe(-3n);
  expect(addToNumber(Buffer.from("007"), 1n)).toBe(8n);
  expect(() => addToNumber(Buffer.from("7 "), 1n)).toThrow(
    expect.objectContaining({ code: Code.FAILED_PRECONDITION }),
  );
  expect(() => addToNumber(Buffer.from("-9223372036854775808"), -1n)).toThrow(
    expect.objectContaining({ code: Code.OUT_OF_RANGE }),
  );
});
