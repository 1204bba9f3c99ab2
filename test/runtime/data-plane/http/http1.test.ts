import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../../../support/running-prism.js";
import { answerWith, type ReceivedCall } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { keepValues } from "./key-value-stub.js";

const kv = "/v1/namespaces/orders/kv/";

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start();
});
afterEach(() => prism.stop());

/** Says something on a connection of its own; resolves with all that is answered until it is closed. */
async function say(...texts: string[]): Promise<string> {
  const socket = connect({ port: prism.port, host: "127.0.0.1", noDelay: true });
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
  for (const text of texts) socket.write(text, "latin1");
  await once(socket, "close");
  return heard;
}

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

  test("that vanishes in the middle of a large body cancels the call that has begun", async () => {
    const socket = connect(prism.port, "127.0.0.1");
    const begun = prism.plugin.nextCall();
    socket.write(`PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nhalf`);
    const received = await begun;

    socket.destroy();

    expect(await received.closed).toBe(8);
    expect(received.ended).toBe(false);
  });

  test("may send several requests one after the other on one connection", async () => {
    const line = `GET ${kv}a HTTP/1.1\r\nhost: x\r\n`;

    const heard = await say(`${line}\r\n${line}\r\n${line}connection: close\r\n\r\n`);

    expect(heard.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  });

  test("that vanishes cancels its call, and what it has asked behind that is never begun", async () => {
    const answered = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const socket = connect(prism.port, "127.0.0.1");
    const line = `GET ${kv}a HTTP/1.1\r\nhost: x\r\n\r\n`;
    socket.write(`${line}${line}`);
    const received = await answered;

    socket.resetAndDestroy();

    expect(await received.closed).toBe(8);
    expect(prism.plugin.calls).toHaveLength(1);
    expect(prism.plane.counters().inFlight).toBe(0);
  });

  test("is answered what it asked before it is told that something behind it is no request", async () => {
    const line = `GET ${kv}a HTTP/1.1\r\nhost: x\r\n\r\n`;

    keepValues(prism.plugin).set("a", Buffer.from("v"));
    const put = `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nv`;

    const heard = await say(`${line}${put}nonsense\r\n\r\n`);

    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 400"]);
    expect(prism.plane.counters().refused).toEqual([{ peer: "client", reason: "protocol_error", count: 1 }]);
  });

  test("whose body turns out to be none is answered 400, once", async () => {
    const heard = await say(
      `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\nnonsense\r\n`,
    );

    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
    expect(heard).toContain("connection: close");
  });

  test("that would rather speak another protocol is answered in this one, and asks on by a new connection", async () => {
    const line = `GET ${kv}a HTTP/1.1\r\nhost: x\r\n`;

    const heard = await say(`${line}connection: upgrade\r\nupgrade: h2c\r\n\r\n${line}\r\n`);

    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200"]);
    expect(heard).toContain("connection: close");
  });

  test("may expect what nobody knows, and is served as if it did not", async () => {
    const heard = await say(`GET ${kv}a HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n`);

    expect(heard).toMatch(/^HTTP\/1\.1 200/);
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

  test("may wait to be told that its body is wanted, and is told of a refusal instead", async () => {
    keepValues(prism.plugin);
    const head = (namespace: string): string =>
      `PUT /v1/namespaces/${namespace}/kv/a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n`;

    const wanted = await say(head("orders"), "hi");
    const refused = await say(head("oders"));

    expect(wanted).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204/);
    expect(refused).toMatch(/^HTTP\/1\.1 404/);
  });

  test("that asks on before it is answered is told that a body is wanted in front of the answer to that", async () => {
    const head = `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nexpect: 100-continue\r\n`;
    prism.plugin.answer = (call) => answerWith(call, { success: false, error: "no" });

    const heard = await say(`GET ${kv}a HTTP/1.1\r\nhost: x\r\n\r\n${head}connection: close\r\n\r\nv`);

    expect(heard.match(/HTTP\/1\.1 \d+/g)?.slice(1)).toEqual(["HTTP/1.1 100", "HTTP/1.1 500"]);
  });

  test("may send a body of no announced length, up to 8 MiB", async () => {
    const kept = keepValues(prism.plugin);
    const head = `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n`;
    const tooMuch = "x".repeat(8 * 1024 * 1024 + 1);

    const taken = await say(`${head}2\r\nhi\r\n3\r\n ho\r\n0\r\n\r\n`);
    const refused = await say(`${head}${tooMuch.length.toString(16)}\r\n${tooMuch}\r\n0\r\n\r\n`);

    expect(taken).toMatch(/^HTTP\/1\.1 204/);
    expect(kept.get("a")?.toString()).toBe("hi ho");
    expect(refused).toMatch(/^HTTP\/1\.1 411/);
  });

  test("whose body comes more slowly than it may is answered 408 and counted, however much it has brought", async () => {
    const own = await Proxied.start({ limits: { requestMs: 30 } });
    const before = prism;
    prism = own;
    const head = (bytes: number): string =>
      `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\nhalf`;

    const small = await say(head(10));
    const large = await say(head(1_000_000));

    expect([small, large].map((heard) => heard.slice(0, 12))).toEqual(["HTTP/1.1 408", "HTTP/1.1 408"]);
    expect(own.plane.counters().refused).toEqual([{ peer: "client", reason: "request_ms", count: 2 }]);
    expect(own.plane.counters().inFlight).toBe(0);
    prism = before;
    await own.stop();
  });

  test("may name the whole URI", async () => {
    const heard = await say(`GET http://prism${kv}a HTTP/1.1\r\nhost: prism\r\nconnection: close\r\n\r\n`);

    expect(heard).toMatch(/^HTTP\/1\.1 200/);
  });

  test.each([
    ["another protocol in the form of HTTP", "GET / HTTQ/1.1\r\n\r\n"],
    ["no Host", `GET ${kv}a HTTP/1.1\r\n\r\n`],
    ["two Hosts", `GET ${kv}a HTTP/1.1\r\nhost: x\r\nHost: y\r\n\r\n`],
    ["two Hosts, and what it expects", `GET ${kv}a HTTP/1.1\r\nhost: x\r\nHost: y\r\nexpect: tea\r\n\r\n`],
    ["two lengths", `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab`],
    [
      "a length and chunks",
      `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "chunks coded twice",
      `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["another coding", `PUT ${kv}a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
    ["a folded field", `GET ${kv}a HTTP/1.1\r\nhost: x\r\nprism-ttl-ms: 1\r\n 2\r\n\r\n`],
    ["a blank before the colon", `GET ${kv}a HTTP/1.1\r\nhost: x\r\nprism-ttl-ms : 1\r\n\r\n`],
    ["a bare CR in a field", `GET ${kv}a HTTP/1.1\r\nhost: x\r\nprism-ttl-ms: 1\rx: 2\r\n\r\n`],
    ["lines without CR", `GET ${kv}a HTTP/1.1\nhost: x\n\n`],
  ])("that says %s is answered 400, and the connection is closed", async (_what, text) => {
    const heard = await say(text);

    expect(heard).toMatch(/^HTTP\/1\.1 400/);
    expect(heard.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test.each([
    ["HTTP/0.9", `GET ${kv}a\r\nhost: x\r\n\r\n`, 505],
    ["HTTP/0.9 by name", `GET ${kv}a HTTP/0.9\r\nhost: x\r\n\r\n`, 505],
    ["HTTP/2.0", `GET ${kv}a HTTP/2.0\r\nhost: x\r\n\r\n`, 505],
    ["CONNECT", "CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n", 501],
    ["CONNECT, and more", `CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\nGET ${kv}a HTTP/1.1\r\nhost: x\r\n\r\n`, 501],
    ["two Hosts", `GET ${kv}a HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n`, 400],
    ["another host", `GET http://y${kv}a HTTP/1.1\r\nhost: x\r\n\r\n`, 400],
  ])("that says %s is refused, its connection closed, and that is counted", async (_what, text, status) => {
    const heard = await say(text);

    expect(heard.match(/^HTTP\/1\.1 \d+/gm)).toEqual([`HTTP/1.1 ${status}`]);
    expect(prism.plane.counters().refused).toEqual([{ peer: "client", reason: "protocol_error", count: 1 }]);
    expect(prism.plugin.calls).toHaveLength(0);
  }); // prettier-ignore

  test.each([
    ["TLS", "\x16\x03\x01 hello\r\n\r\n"],
    ["a method that nobody has", "INVALID CONNECTION PREFACE\r\n\r\n"],
  ])("that says %s is answered nothing", async (_what, text) => {
    expect(await say(text)).toBe("");
  });

  test("is told by /readyz that this Prism is being stopped, where it could still ask", async () => {
    const socket = connect({ port: prism.port, host: "127.0.0.1", noDelay: true });
    let heard = "";
    socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
    socket.write("GET /readyz HTTP/1.1\r\nhost: x\r\n");
    await until("the connection", () => prism.plane.counters().connections === 1);
    await prism.client.get("k", { namespace: "orders" });

    const stopped = prism.plane.stop(5000);
    socket.write("\r\n");
    await once(socket, "close");
    prism.client.close();
    await stopped;

    expect(heard).toMatch(/^HTTP\/1\.1 503/);
    expect(heard).toContain("connection: close");
  });

  test("cannot make a field of the answer with what it sends", async () => {
    const heard = await say(
      `PATCH ${kv}a%0d%0ax:%20y HTTP/1.1\r\nhost: x\r\n\r\n`.replace(
        "\r\n\r\n",
        "\r\nconnection: close\r\n\r\n",
      ),
      "",
    );

    expect(heard).toMatch(/^HTTP\/1\.1 405/);
    expect(heard.split("\r\n\r\n")[0]).not.toMatch(/^x:/m);
  });
});
