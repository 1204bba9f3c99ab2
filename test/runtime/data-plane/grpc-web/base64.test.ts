import { array, assert, constantFrom, nat, property, uint8Array } from "fast-check";
import { describe, expect, test } from "vitest";
import { Base64Reader, toBase64 } from "../../../../src/runtime/data-plane/grpc-web/base64.js";

/** Reads text that comes in pieces of these sizes, over and over; undefined where it is refused. */
function read(text: Buffer, sizes: readonly number[] = [text.length || 1]): Buffer | undefined {
  const reader = new Base64Reader();
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    const bytes = reader.push(text.subarray(at, at + size));
    if (bytes === undefined) return undefined;
    pieces.push(bytes);
    at += size;
  }
  return reader.atBoundary ? Buffer.concat(pieces) : undefined;
}

const sizes = array(
  nat(9).map((size) => size + 1),
  { minLength: 1, maxLength: 5 },
);

describe("base64 that is streamed", () => {
  test("is read as it was written, wherever it is cut and however often it is padded", () => {
    assert(
      property(array(uint8Array()), sizes, (chunks, cuts) => {
        const text = Buffer.concat(chunks.map((chunk) => toBase64(chunk)));

        expect(read(text, cuts)).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  test("is written as Node writes it, of views too", () => {
    assert(
      property(uint8Array(), nat(5), (bytes, skipped) => {
        const view = bytes.subarray(Math.min(skipped, bytes.length));

        expect(toBase64(view).toString()).toBe(Buffer.from(view).toString("base64"));
      }),
    );
  });

  test("is read as Node reads each group of four letters, or refused", () => {
    const letters = array(constantFrom("A", "z", "8", "+", "/", "=", "-"), { maxLength: 12 });
    assert(
      property(letters, sizes, (chosen, cuts) => {
        const text = chosen.join("");
        const groups = text.match(/.{1,4}/g) ?? [];
        const isWellFormed = groups.every((group) => /^[\w+/]{2}(?:[\w+/]{2}|[\w+/]=|==)$/.test(group));

        const expected = isWellFormed
          ? Buffer.concat(groups.map((group) => Buffer.from(group, "base64")))
          : undefined;
        expect(read(Buffer.from(text), cuts)).toEqual(expected);
      }),
    );
  });

  test.each([
    "A",
    "AA",
    "AAA",
    "AA=",
    "=AAA",
    "A===",
    "AA=A",
    "A A=",
    "AA\n=",
    "AAA-",
    "AAAA=",
    "AAAA====",
    "\xff\xff\xff\xff",
  ])("is refused where it says %j", (text) => {
    expect(read(Buffer.from(text, "latin1"))).toBeUndefined();
  });
});
