import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { create, fromBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DeleteResponseSchema,
  GetRequestSchema,
  type SetRequest,
  SetRequestSchema,
} from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { answerGet, answerWith, type ReceivedCall } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start();
});
afterEach(() => prism.stop());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** One request of `node:http`, whose path goes as it is. */
function ask(
  method: string,
  path: string,
  { body, headers = {} }: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ port: prism.port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asking.on("error", reject).end(body);
  });
}

const json = { "content-type": "application/json" };
const kv = "/v1/namespaces/orders/kv/";

/** What the plugin was asked to set. */
function setRequest(call: ReceivedCall | undefined): SetRequest {
  const { params } = call?.request ?? {};
  return fromBinary(SetRequestSchema, params?.case === "typedParams" ? params.value.value : Buffer.alloc(0));
}

/** The key that the plugin was asked for. */
function keyOf(call: ReceivedCall | undefined): string {
  const { params } = call?.request ?? {};
  return fromBinary(GetRequestSchema, params?.case === "typedParams" ? params.value.value : Buffer.alloc(0))
    .key;
}

describe("a key over HTTP/1.1", () => {
  test("is written by PUT, with its time to live in a header", async () => {
    prism.plugin.answer = (call) => answerWith(call, { success: true });
    const bytes = Buffer.from([0, 1, 255, 10]);

    const { status, body } = await ask("PUT", `${kv}a`, { body: bytes, headers: { "prism-ttl-ms": "5000" } });

    expect([status, body.length]).toEqual([204, 0]);
    expect(setRequest(prism.plugin.calls[0])).toMatchObject({ key: "a", ttlMs: 5000n });
    expect(Buffer.from(setRequest(prism.plugin.calls[0]).value)).toEqual(bytes);
    expect(prism.counted("set", "OK")).toBe(1);
    expect(prism.ledger()).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
  });

  test("is read by GET as raw bytes, an empty one too", async () => {
    const values = [Buffer.from([0, 255]), Buffer.alloc(0), Buffer.alloc(300_000, "x")];
    for (const value of values) {
      prism.plugin.answer = (call) => answerGet(call, { found: true, value });

      const { status, headers, body } = await ask("GET", `${kv}a`);

      expect([status, headers["content-type"]]).toEqual([200, "application/octet-stream"]);
      expect(body.equals(value)).toBe(true);
    }
  });

  test("that is not there is 404, also for HEAD", async () => {
    prism.plugin.answer = (call) => answerGet(call, { found: false, value: Buffer.alloc(0) });

    const read = await ask("GET", `${kv}a`);
    const head = await ask("HEAD", `${kv}a`);

    expect(read.status).toBe(404);
    expect(JSON.parse(read.body.toString())).toMatchObject({ code: 5 });
    expect([head.status, head.body.length]).toEqual([404, 0]);
  });

  test("tells its size by HEAD", async () => {
    const { status, headers, body } = await ask("HEAD", `${kv}a`);

    expect([status, headers["content-length"], body.length]).toEqual([200, "1", 0]);
  });

  test("is removed by DELETE, whether it was there or not", async () => {
    const result = anyPack(DeleteResponseSchema, create(DeleteResponseSchema, { deleted: false }));
    prism.plugin.answer = (call) =>
      answerWith(call, { success: true, result: { case: "typedResult", value: result } });

    expect((await ask("DELETE", `${kv}a`)).status).toBe(204);
  });

  test.each([
    ["a%2Fb", "a/b"],
    ["a/b/c", "a/b/c"],
    ["100%25", "100%"],
    ["gr%C3%BCn%20x", "grün x"],
    ["a?b=c", "a"],
    ["", ""],
    ["..", ".."],
  ])("%s names the key %o", async (coded, key) => {
    await ask("GET", kv + coded);

    expect(keyOf(prism.plugin.calls[0])).toBe(key);
  });

  test("that is not percent-encoded UTF-8 is refused", async () => {
    expect((await ask("GET", `${kv}%ff`)).status).toBe(400);
    expect((await ask("GET", `${kv}%zz`)).status).toBe(400);
  });

  test("with a time to live that is no number is refused", async () => {
    const refused = await ask("PUT", `${kv}a`, { body: "v", headers: { "prism-ttl-ms": "soon" } });

    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain("Prism-TTL-Ms");
    expect(prism.plugin.calls).toHaveLength(0);
  });
});

describe("an operation over HTTP/1.1", () => {
  test("takes and answers canonical protobuf JSON", async () => {
    prism.plugin.answer = (call) => answerGet(call, { found: true, value: Buffer.from("hello") });

    const { status, headers, body } = await ask("POST", "/v1/namespaces/orders/get", {
      body: '{"key":"k"}',
      headers: json,
    });

    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(JSON.parse(body.toString())).toEqual({
      found: true,
      value: Buffer.from("hello").toString("base64"),
    });
    expect(keyOf(prism.plugin.calls[0])).toBe("k");
  });

  test.each(["not json", '{"nonsense":1}', '{"key":7}', "[]"])(
    "refuses the body %s and says what fits",
    async (body) => {
      const refused = await ask("POST", "/v1/namespaces/orders/get", { body, headers: json });

      expect(refused.status).toBe(400);
      expect(JSON.parse(refused.body.toString())).toMatchObject({
        code: 3,
        message: expect.stringContaining("it takes key") as string,
      });
      expect(prism.counted("get", "INVALID_ARGUMENT")).toBe(1);
      expect(prism.plugin.calls).toHaveLength(0);
    },
  );

  test("refuses what a web page may send without being asked, and says how to send it", async () => {
    const refused = await ask("POST", "/v1/namespaces/orders/get", {
      body: '{"key":"k"}',
      headers: { "content-type": "text/plain" },
    });

    expect(refused.status).toBe(415);
    expect(refused.body.toString()).toContain("--json");
    expect(prism.plugin.calls).toHaveLength(0);
  });
});

describe("a failure over HTTP/1.1", () => {
  test("is google.rpc.Status as JSON, with the HTTP status of its code", async () => {
    prism.plugin.answer = (call) => answerWith(call, { success: false, error: "no number", errorCode: 9 });

    const { status, body } = await ask("POST", "/v1/namespaces/orders/increment", {
      body: '{"key":"k"}',
      headers: json,
    });

    expect(status).toBe(400);
    expect(JSON.parse(body.toString())).toEqual({
      code: 9,
      message: "no number",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "OPERATION_FAILED",
          domain: "prism",
          metadata: { namespace: "orders", operation: "increment" },
        },
      ],
    });
  });

  test.each([
    ["GET", "/v1/namespaces/oders/kv/a", 404, "orders"],
    ["PUT", "/v1/namespaces/oders/kv/a", 404, "orders"],
    ["GET", "/", 404, "nothing at"],
    ["GET", "/v1/namespaces/orders", 404, "nothing at"],
    ["PATCH", "/v1/namespaces/orders/kv/a", 405, "use GET"],
    ["GET", "/v1/namespaces/orders/get", 405, "use POST"],
    ["POST", "/v1/namespaces/orders/steal", 501, "there are get, set"],
  ])("%s %s is %i and says %o", async (method, path, status, says) => {
    const answer = await ask(method, path, { headers: json });

    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toContain(says);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("is 503 when nobody serves, and 504 when the deadline has passed", async () => {
    prism.plugin.answer = () => undefined;
    const late = await ask("GET", `${kv}a`, { headers: { "grpc-timeout": "20m" } });
    prism.route("orders", undefined, "");
    const away = await ask("GET", `${kv}a`);

    expect([late.status, away.status]).toEqual([504, 503]);
  });

  test("is 413 when the body is larger than the limit, without waiting for the rest of it", async () => {
    const own = await Proxied.start({ limits: { messageBytes: 1000 } });
    const before = prism;
    prism = own;

    const refused = await ask("PUT", `${kv}a`, { body: Buffer.alloc(1_000_000) });
    const answered = await ask("GET", `${kv}a`);

    expect(refused.status).toBe(413);
    expect(answered.status).toBe(200);
    expect(own.plugin.calls).toHaveLength(1);
    prism = before;
    await own.stop();
  });
});

describe("a client over HTTP/1.1", () => {
  test("that vanishes cancels its call", async () => {
    const answered = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const socket = connect(prism.port, "127.0.0.1");
    socket.write(`GET ${kv}a HTTP/1.1\r\nhost: x\r\n\r\n`);
    const received = await answered;

    socket.destroy();

    expect(await received.closed).toBe(8);
    expect(prism.counted("get", "CANCELLED")).toBe(1);
    expect(prism.plane.counters().inFlight).toBe(0);
  });

  test("that vanishes in the middle of its body makes no call", async () => {
    const socket = connect(prism.port, "127.0.0.1");
    socket.write(`PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf`);
    await once(socket, "ready");
    socket.end();
    await once(socket.resume(), "close");

    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("may send several requests one after the other on one connection", async () => {
    const socket = connect(prism.port, "127.0.0.1");
    const line = `GET ${kv}a HTTP/1.1\r\nhost: x\r\n`;
    socket.write(`${line}\r\n${line}\r\n${line}connection: close\r\n\r\n`);
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    await once(socket, "close");

    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  });

  test("is told apart from HTTP/2 however its first bytes come", async () => {
    const socket = connect({ port: prism.port, host: "127.0.0.1", noDelay: true });
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.write("P");
    await prism.client.get("k", { namespace: "orders" });
    prism.plugin.answer = (call) => answerWith(call, { success: true });
    socket.write(`UT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nconnection: close\r\n\r\nv`);
    await once(socket, "close");

    expect(text).toContain("HTTP/1.1 204");
  });

  test.each([
    ["another protocol in the form of HTTP", "GET / HTTQ/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"],
    ["TLS", "\x16\x03\x01 hello\r\n\r\n", ""],
    ["a method that nobody has", "INVALID CONNECTION PREFACE\r\n\r\n", ""],
  ])("that says %s is answered what HTTP has for it, and else nothing", async (_what, said, answer) => {
    const socket = connect(prism.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.write(said, "latin1");
    await once(socket, "close");

    expect(text.split("\r\n")[0]).toBe(answer);
  });
});
