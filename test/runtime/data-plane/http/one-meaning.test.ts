import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { singleFields } from "../../../../src/wire/index.js";
import { Proxied } from "../proxied.js";
import { keepValues } from "./key-value-stub.js";
import { type Heard, type Said, sayings } from "./say-fields.js";

const kv = "/v1/namespaces/orders/kv/";

let prism: Proxied;
let kept: Map<string, Buffer>;
beforeEach(async () => {
  prism = await Proxied.start();
  kept = keepValues(prism.plugin);
});
afterEach(() => prism.stop());

describe.each(sayings)("over %s", (carrier, say) => {
  const put = (more: Partial<Said>): Promise<Heard> =>
    say(prism.port, { method: "PUT", path: `${kv}a`, body: "v", ...more });

  describe("a request that has a field twice of which one value is read is refused:", () => {
    test.each([...singleFields])("%s", async (name) => {
      const value = name === "content-length" ? "1" : "orders";

      const { status } = await put({ fields: [name, value, name, value] });

      // A foreign origin is refused before it is counted.
      expect(status).toBe(name === "origin" ? 403 : 400);
      expect(prism.plugin.calls).toEqual([]);
    });

    test.each([...singleFields])("%s, by gRPC-Web", async (name) => {
      const fields = ["content-type", "application/grpc-web", "prism-namespace", "orders"];
      const value = name === "content-length" ? "5" : "application/grpc-web";
      const path = "/prism.keyvalue.v1.KeyValue/Get";

      const { status, text } = await say(prism.port, {
        method: "POST",
        path,
        body: "\0\0\0\0\0",
        fields: [...fields, name, value, name, value],
      });

      expect(status >= 400 || /grpc-status:? ?\n?3/.test(text)).toBe(true);
      expect(prism.plugin.calls).toEqual([]);
    });
  });

  describe("a request is refused that says what would be passed over without a word:", () => {
    test.each<[string, Partial<Said>, number]>([
      ["a field of Prism's that there is not", { fields: ["prism-ttl", "5"] }, 400],
      ["another namespace beside the path's", { fields: ["prism-namespace", "carts"] }, 400],
      ["a time to live of 0", { fields: ["prism-ttl-ms", "0"] }, 400],
      ["a time to live with a sign", { fields: ["prism-ttl-ms", "+5"] }, 400],
      ["a time to live with an exponent", { fields: ["prism-ttl-ms", "1e3"] }, 400],
      ["a time to live with a fraction", { fields: ["prism-ttl-ms", "1.5"] }, 400],
      ["a time to live of what is read", { method: "GET", body: "", fields: ["prism-ttl-ms", "5"] }, 400],
      ["a condition without quotes", { fields: ["if-match", "abc"] }, 400],
      ["a condition of any value and of one", { fields: ["if-none-match", "*", "if-none-match", '"a"'] }, 400],
      ["part of a value", { fields: ["content-range", "bytes 0-0/9"] }, 400],
      ["a coded value", { fields: ["content-encoding", "gzip"] }, 415],
      ["a value that is coded twice", { fields: ["content-encoding", "identity, br"] }, 415],
      ["a time to live by a parameter", { path: `${kv}a?ttl_ms=1e3` }, 400],
      ["a parameter twice", { path: `${kv}a?a=1&a=2` }, 400],
      ["what is no UTF-8", { path: `${kv}%c3%28` }, 400],
      ["a percent sign alone", { path: `${kv}a%` }, 400],
      ["a letter beyond ASCII", { path: `${kv}\xe9` }, 400],
      ["a fragment", { path: `${kv}a#b` }, 400],
      ["a backslash", { path: `${kv}a\\b` }, 400],
      ["a path that goes up", { path: `${kv}a/../b` }, 400],
      ["a path that goes up, encoded", { path: `${kv}a/%2E%2e/b` }, 400],
      ["a path that stays", { path: `${kv}./b` }, 400],
      ["a target that is another host's", { path: `http://y${kv}a` }, carrier === "HTTP/2" ? 415 : 400],
    ])("%s", async (_what, said, expected) => {
      const { status } = await put(said);

      expect([status, prism.plugin.calls]).toEqual([expected, []]);
    });
  }); // prettier-ignore

  test("a coded body is answered with what may be sent", async () => {
    const { text } = await put({ fields: ["content-encoding", "gzip"] });

    expect(text).toMatch(/accept-encoding:? ?\n?identity/);
  });

  test.each(["a//b", "a%2F..%2Fb", "...", "a+b", "%00", "a%5Cb", "%C3%A9"])(
    "a key may be %s",
    async (key) => {
      const { status } = await put({ path: kv + key });

      expect(status).toBe(204);
      expect([...kept.keys()]).toEqual([decodeURIComponent(key)]);
    },
  );

  test("the namespace of the path may be said again, and the coding that is none", async () => {
    const { status } = await put({ fields: ["prism-namespace", "orders", "content-encoding", "identity"] });

    expect(status).toBe(204);
  });

  test("a request has as many fields as header_fields allows, and none of them is passed over", async () => {
    await prism.stop();
    prism = await Proxied.start({ limits: { headerFields: 40 } });
    kept = keepValues(prism.plugin);
    const usual = carrier === "HTTP/2" ? 5 : 3;
    const fields = (count: number): string[] =>
      Array.from({ length: count - usual - 1 }, (_, index) => [`x-${index}`, "1"]).flat();

    const most = await put({ fields: [...fields(40), "if-none-match", "*"] });
    const more = await put({ fields: [...fields(41), "if-none-match", "*"] });
    const many = await put({ path: `${kv}b`, fields: [...fields(1200), "if-none-match", "*"] });

    expect([most.status, more.status, many.status]).toEqual([201, 431, 431]);
    expect([...kept.keys()]).toEqual(["a"]);
    if (carrier === "HTTP/1.1") expect(many.text).toContain("server.limits.header_fields");
  });
});

describe("over HTTP/1.1", () => {
  const [[, say]] = sayings;
  const put = (more: Partial<Said>): Promise<Heard> =>
    say(prism.port, { method: "PUT", path: `${kv}a`, body: "v", ...more });

  test.each([
    ["chunked", 204],
    ["Chunked ", 204],
    ["gzip, chunked", 501],
    ["identity, chunked", 501],
    ["chunked;q=1", 501],
    ["gzip", 501],
    ["identity", 501],
    ["chunked, gzip", 400],
    ["", 501],
  ])("a body by transfer-encoding %j is answered %i", async (coding, expected) => {
    const fields = ["transfer-encoding", coding];

    const { status, text } = await put({ fields, body: "1\r\nv\r\n0\r\n\r\n" });

    expect(status).toBe(expected);
    expect(text.match(/^HTTP/gm)).toHaveLength(1);
    expect(kept.size).toBe(expected === 204 ? 1 : 0);
  });

  test("HTTP/1.0 has no transfer-encoding, and what two may frame differently is refused", async () => {
    const socket = connect(prism.port, "127.0.0.1");
    socket.write(`PUT ${kv}a HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n`);

    expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 400/);
    expect(kept.size).toBe(0);
  });

  test.each(["+1", "1e0", "0x1", "1,1", "1 1", "-1", "1.0", "", "18446744073709551617"])(
    "a content-length of %j is refused",
    async (length) => {
      const { status } = await put({ fields: ["content-length", length] });

      expect(status).toBe(400);
      expect(kept.size).toBe(0);
    },
  );

  test("a head has as many bytes as header_bytes allows", async () => {
    await prism.stop();
    prism = await Proxied.start({ limits: { headerBytes: 2000 } });

    const large = await say(prism.port, { method: "GET", path: `${kv}a`, fields: ["x", "v".repeat(2000)] });
    const longTarget = await say(prism.port, { method: "GET", path: kv + "a".repeat(2000) });

    expect([large.status, longTarget.status]).toEqual([431, 431]);
    expect(large.text).toContain("server.limits.header_bytes");
    expect(prism.plane.counters().refused).toEqual([{ peer: "client", reason: "header_bytes", count: 2 }]);
  });
});
