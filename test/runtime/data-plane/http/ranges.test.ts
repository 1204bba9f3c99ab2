import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rangeIn } from "../../../../src/runtime/data-plane/http/key/byte-range.js";
import { Proxied } from "../proxied.js";
import { type Answer, carriers } from "./ask.js";
import { keepValues } from "./key-value-stub.js";

const path = "/v1/namespaces/orders/kv/a";
const value = Buffer.from("0123456789");
const large = Buffer.alloc(1_000_000, "0123456789abcdef");

let prism: Proxied;
let kept: Map<string, Buffer>;
beforeAll(async () => {
  prism = await Proxied.start();
  kept = keepValues(prism.plugin);
});
beforeEach(() => void kept.set("a", value));
afterAll(() => prism.stop());

describe.each(carriers)("a range over %s", (_carrier, ask) => {
  const get = (range: string, headers = {}): Promise<Answer> =>
    ask(prism.port, { method: "GET", path, headers: { range, ...headers } });

  test.each([
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
  ])("%s is %s", async (range, bytes, contentRange) => {
    const { status, headers, body } = await get(range);

    expect([status, body.toString(), headers["content-range"]]).toEqual([206, bytes, contentRange]);
    expect([headers["content-length"], headers["accept-ranges"]]).toEqual([String(bytes.length), "bytes"]);
  });

  test.each(["bytes=10-", "bytes=10-12", "bytes=-0"])("%s lies outside of the value: 416", async (range) => {
    const { status, headers } = await get(range);

    expect([status, headers["content-range"]]).toEqual([416, "bytes */10"]);
  });

  test.each(["bytes=3-1", "bytes=0-1,4-5", "lines=0-1", "bytes=x", "bytes=-"])(
    "%s asks for nothing that is done, and the whole is answered",
    async (range) => {
      const { status, body } = await get(range);

      expect([status, body.length]).toEqual([200, 10]);
    },
  );

  test("of a large value is cut out of it as it comes", async () => {
    kept.set("a", large);

    const middle = await get("bytes=300001-700000");
    const end = await get("bytes=-17");

    expect([middle.status, middle.headers["content-range"]]).toEqual([206, "bytes 300001-700000/1000000"]);
    expect(middle.body.equals(large.subarray(300_001, 700_001))).toBe(true);
    expect(end.body.equals(large.subarray(-17))).toBe(true);
  });

  test("with If-Range continues the value that it began with, and no other", async () => {
    const tag = String((await get("bytes=0-1")).headers["etag"]);

    const same = await get("bytes=2-", { "if-range": tag });
    kept.set("a", Buffer.from("another"));
    const other = await get("bytes=2-", { "if-range": tag });

    expect([same.status, same.body.toString()]).toEqual([206, "23456789"]);
    expect([other.status, other.body.toString()]).toEqual([200, "another"]);
  });
});

test("a range is what the same slice of the value is", () => {
  const numbers = fc.nat({ max: 20 });
  fc.assert(
    fc.property(numbers, numbers, numbers, (size, first, last) => {
      const found = rangeIn(`bytes=${first}-${last}`, size);
      const slice = Buffer.alloc(size).subarray(first, last + 1);
      if (last < first) expect(found).toBe("all");
      else if (slice.length === 0) expect(found).toBe("none");
      else expect(found).toEqual({ start: first, bytes: slice.length });
    }),
  );
});
