import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  GetRequestSchema,
  SetRequestSchema,
} from "../../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { Proxied } from "../proxied.js";
import { type Answer, type Asked, carriers } from "./ask.js";
import { keepValues, paramsOf } from "./key-value-stub.js";

const kv = "/v1/namespaces/orders/kv/";

let prism: Proxied;
let kept: Map<string, Buffer>;
beforeEach(async () => {
  prism = await Proxied.start();
  kept = keepValues(prism.plugin);
});
afterEach(() => prism.stop());

describe.each(carriers)("a key over %s", (_carrier, ask) => {
  const get = (key: string, headers = {}): Promise<Answer> =>
    ask(prism.port, { method: "GET", path: kv + key, headers });
  const put = (key: string, body: string | Buffer, headers = {}): Promise<Answer> =>
    ask(prism.port, { method: "PUT", path: kv + key, body, headers });

  test("is written by PUT, with its time to live in a header", async () => {
    const bytes = Buffer.from([0, 1, 255, 10]);

    const { status, headers, body } = await put("a", bytes, { "prism-ttl-ms": "5000" });

    expect([status, body.length]).toEqual([204, 0]);
    expect(headers["etag"]).toMatch(/^"[\w-]{22}"$/);
    expect(paramsOf(prism.plugin.calls[0], SetRequestSchema)).toMatchObject({ key: "a", ttlMs: 5000n });
    expect(kept.get("a")).toEqual(bytes);
    expect(prism.counted("set", "OK")).toBe(1);
    expect(prism.ledger()).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
  });

  test.each([0, 1, 65_536, 65_537, 262_144, 262_145, 3_000_000])(
    "is read by GET as the %i bytes that were put",
    async (bytes) => {
      const value = Buffer.alloc(bytes, "0123456789");
      await put("a", value);

      const { status, headers, body } = await get("a");

      expect([status, headers["content-type"]]).toEqual([200, "application/octet-stream"]);
      expect(headers["content-length"]).toBe(String(bytes));
      expect(body.equals(value)).toBe(true);
    },
  );

  test("has an entity tag of its bytes up to 256 KiB, the same from PUT, GET and HEAD", async () => {
    const put1 = await put("a", "hello");
    const put2 = await put("b", "hello");
    const read = await get("a");
    const head = await ask(prism.port, { method: "HEAD", path: `${kv}a` });
    const other = await put("a", "hullo");
    const large = [await put("c", Buffer.alloc(262_145)), await get("c")];

    const tags = [put1, put2, read, head].map(({ headers }) => headers["etag"]);
    expect(new Set(tags).size).toBe(1);
    expect(other.headers["etag"]).not.toBe(tags[0]);
    expect(large.map(({ headers }) => headers["etag"])).toEqual([undefined, undefined]);
  });

  test("that is not there is 404, also for HEAD", async () => {
    const read = await get("a");
    const head = await ask(prism.port, { method: "HEAD", path: `${kv}a` });

    expect(read.status).toBe(404);
    expect(JSON.parse(read.body.toString())).toMatchObject({ code: 5 });
    expect([head.status, head.body.length]).toEqual([404, 0]);
  });

  test.each([5, 1_000_000])("tells its size by HEAD, and sends none of its %i bytes", async (bytes) => {
    kept.set("a", Buffer.alloc(bytes));

    const { status, headers, body } = await ask(prism.port, { method: "HEAD", path: `${kv}a` });

    expect([status, headers["content-length"], body.length]).toEqual([200, String(bytes), 0]);
  });

  test("is removed by DELETE, whether it was there or not", async () => {
    kept.set("a", Buffer.from("v"));
    const remove: Asked = { method: "DELETE", path: `${kv}a` };

    expect((await ask(prism.port, remove)).status).toBe(204);
    expect((await ask(prism.port, remove)).status).toBe(204);
    expect(kept.size).toBe(0);
  });

  test.each([
    ["a%2Fb", "a/b"],
    ["a/b/c", "a/b/c"],
    ["100%25", "100%"],
    ["gr%C3%BCn%20x", "grün x"],
    ["a?", "a"],
    ["", ""],
    ["...", "..."],
  ])("%s names the key %o", async (coded, key) => {
    await get(coded);

    expect(paramsOf(prism.plugin.calls[0], GetRequestSchema).key).toBe(key);
  });

  test("that is not percent-encoded UTF-8 is refused", async () => {
    expect((await get("%ff")).status).toBe(400);
    expect((await get("%zz")).status).toBe(400);
  });

  test("with a time to live that is no number is refused", async () => {
    const refused = await put("a", "v", { "prism-ttl-ms": "soon" });

    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain("Prism-TTL-Ms");
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("is refused with 413 when it is larger than the limit, without waiting for the rest of it", async () => {
    const own = await Proxied.start({ limits: { messageBytes: 1000 } });

    const refused = await ask(own.port, { method: "PUT", path: `${kv}a`, body: Buffer.alloc(1_000_000) });
    const answered = await ask(own.port, { method: "GET", path: `${kv}a` });

    expect(refused.status).toBe(413);
    expect(answered.status).toBe(200);
    expect(own.plugin.calls).toHaveLength(1);
    await own.stop();
  });

  test("whose namespace is unknown is refused before its body is read", async () => {
    const path = "/v1/namespaces/oders/kv/a";

    const refused = await ask(prism.port, { method: "PUT", path, body: Buffer.alloc(1_000_000) });

    expect(refused.status).toBe(404);
    expect(refused.body.toString()).toContain("orders");
  });
});
