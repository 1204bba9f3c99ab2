import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../../../support/running-prism.js";
import type { ReceivedCall } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { keepValues } from "./key-value-stub.js";

const kv = "/v1/namespaces/orders/kv/";
const put = (key: string, value: string): string =>
  `PUT ${kv}${key} HTTP/1.1\r\nhost: x\r\ncontent-length: ${value.length}\r\n\r\n${value}`;
const putChunks = (key: string, value: string): string =>
  `PUT ${kv}${key} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${value.length}\r\n${value}\r\n0\r\n\r\n`;
const ask = (method: string, key: string): string => `${method} ${kv}${key} HTTP/1.1\r\nhost: x\r\n\r\n`;

let prism: Proxied;
const sockets: Socket[] = [];
beforeEach(async () => {
  prism = await Proxied.start();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await prism.stop();
});

function dial(): { socket: Socket; heard: () => string; statuses: () => string[] } {
  const socket = connect({ port: prism.port, host: "127.0.0.1", noDelay: true });
  sockets.push(socket.on("error", () => undefined));
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  const statuses = (): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = ""]) => status);
  return { socket, heard: () => text, statuses };
}

/** Until it is closed, however. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

describe("requests over HTTP/1.1 that are sent before the first is answered", () => {
  const all = [
    ask("DELETE", "p"),
    put("p", "one"),
    ask("GET", "p"),
    putChunks("p", "\r\n\r\nGE"),
    ask("GET", "p"),
    ask("DELETE", "p"),
    ask("GET", "p"),
    put("p", ""),
    ask("GET", "p"),
  ].join("");
  const expected = ["204", "204", "200", "204", "200", "204", "404", "204", "200"];

  test.each([1, 2, 3, 5, 7, 64, 100_000])(
    "see what those before them did, in pieces of %i bytes",
    async (bytes) => {
      keepValues(prism.plugin);
      const { socket, heard, statuses } = dial();

      for (let at = 0; at < all.length; at += bytes) {
        socket.write(all.slice(at, at + bytes), "latin1");
        if (bytes < 100) await new Promise(setImmediate);
      }
      await until("all answers", () => statuses().length === expected.length);

      expect(statuses()).toEqual(expected);
      expect(heard()).toContain("\r\n\r\none");
    },
  );

  test("are begun when the one before is answered, and not earlier", async () => {
    keepValues(prism.plugin);
    const keep = prism.plugin.answer;
    const waiting: ReceivedCall[] = [];
    prism.plugin.answer = (call) => void waiting.push(call);
    const { socket, statuses } = dial();
    socket.write(ask("DELETE", "a").repeat(3));

    for (let answered = 0; answered < 3; answered++) {
      await until("the next call", () => waiting.length > answered);
      expect([waiting.length, statuses().length]).toEqual([answered + 1, answered]);
      const call = waiting[answered];
      if (call) keep(call);
      await until("its answer", () => statuses().length === answered + 1);
    }
  });

  test("are not begun behind one that ends the connection", async () => {
    keepValues(prism.plugin);
    const { socket, statuses } = dial();

    socket.write(ask("GET", "a").replace("host: x", "host: x\r\nconnection: close") + put("a", "v"));
    await once(socket, "close");

    expect(statuses()).toEqual(["404"]);
    expect(prism.plugin.calls).toHaveLength(1);
  });

  test("by a client that reads no answers are begun as far as its socket takes them, and then no more", async () => {
    await prism.stop();
    prism = await Proxied.start({ limits: { stallMs: 300 } });
    keepValues(prism.plugin).set("a", Buffer.alloc(60_000));
    const { socket } = dial();
    await once(socket, "connect");
    socket.pause();

    const flood = Buffer.from(ask("GET", "a").repeat(1000));
    for (let i = 0; i < 50; i++) socket.write(flood);
    await until("the connection to be cut", () => prism.plane.counters().connections === 0);

    expect(prism.plane.counters().refused).toEqual([{ peer: "client", reason: "stall_ms", count: 1 }]);
    expect(prism.plugin.calls.length).toBeLessThan(1000);
    expect(prism.plane.counters().inFlight).toBe(0);
  });

  test("and are more than is held ahead of an answer are all answered once that is out", async () => {
    keepValues(prism.plugin);
    const keep = prism.plugin.answer;
    const answered = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const { socket, statuses } = dial();
    const count = 200;

    socket.write(
      ask("GET", "a")
        .replace("host: x", `host: x\r\nx: ${"v".repeat(1000)}`)
        .repeat(count),
    );
    const first = await answered;
    prism.plugin.answer = keep;
    keep(first);
    await until("all answers", () => statuses().length === count);

    expect(new Set(statuses())).toEqual(new Set(["404"]));
  });

  test("much ahead of an answer that does not come end the connection after stall_ms", async () => {
    await prism.stop();
    prism = await Proxied.start({ limits: { stallMs: 200 } });
    prism.plugin.answer = () => undefined;
    const { socket } = dial();

    socket.write(ask("GET", "a").repeat(10_000));
    await gone(socket);

    expect(prism.plugin.calls).toHaveLength(1);
    expect(prism.plane.counters().refused).toEqual([{ peer: "client", reason: "stall_ms", count: 1 }]);
  });
});

describe("a client over HTTP/1.1 that says no more", () => {
  test.each([
    ["GET of what Prism answers itself", "GET /v1/namespaces HTTP/1.1\r\nhost: x\r\n\r\n", ["200"]],
    ["GET of a value", ask("GET", "a"), ["200"]],
    ["PUT", put("b", "hi"), ["204"]],
    ["PUT in chunks", putChunks("b", "hi"), ["204"]],
    ["several requests", ask("GET", "a") + put("b", "hi") + ask("GET", "b"), ["200", "204", "200"]],
    ["a request that is not whole", put("b", "hi").slice(0, -1), ["400"]],
  ])("is answered, and then its connection ends: %s", async (_what, text, expected) => {
    keepValues(prism.plugin).set("a", Buffer.from("v"));
    const { socket, statuses } = dial();

    socket.end(text);
    await once(socket, "end");

    expect(statuses()).toEqual(expected);
    await until("the connection to be gone", () => prism.plane.counters().connections === 0);
  });

  test("is answered by gRPC-Web", async () => {
    keepValues(prism.plugin).set("a", Buffer.from("value"));
    const { socket, heard } = dial();
    const head = "host: x\r\ncontent-type: application/grpc-web\r\nprism-namespace: orders\r\n";

    socket.write(`POST /prism.keyvalue.v1.KeyValue/Get HTTP/1.1\r\n${head}content-length: 8\r\n\r\n`);
    socket.end(Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]));
    await once(socket, "end");

    expect(heard()).toContain("value");
    expect(heard()).toContain("grpc-status: 0");
  });

  test("is waited for as long as its answer takes", async () => {
    keepValues(prism.plugin);
    const keep = prism.plugin.answer;
    const answered = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const { socket, statuses } = dial();
    socket.end(ask("DELETE", "a"));
    const call = await answered;
    // It is asked now and then whether it is there, which changes nothing to it.
    await until("a probe", () => statuses().length > 1);

    keep(call);
    await once(socket, "end");

    expect(new Set(statuses().slice(0, -1))).toEqual(new Set(["100"]));
    expect(statuses().at(-1)).toBe("204");
  });

  test.each([
    ["a call", ask("GET", "a")],
    ["a call with more behind it", ask("GET", "a").repeat(3)],
  ])("and has gone is noticed by that: %s is cancelled", async (_what, text) => {
    const answered = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const { socket } = dial();
    socket.write(text);
    const call = await answered;

    socket.destroy();

    expect(await call.closed).toBe(8);
    await until("the connection to be gone", () => prism.plane.counters().connections === 0);
    expect(prism.plugin.calls).toHaveLength(1);
    expect(prism.plane.counters().refused).toEqual([]);
  });

  test("and cannot be asked whether it is there is waited for no longer than stall_ms", async () => {
    await prism.stop();
    prism = await Proxied.start({ limits: { stallMs: 200 } });
    prism.plugin.answer = () => undefined;
    const { socket } = dial();

    socket.end(ask("GET", "a").replace("HTTP/1.1", "HTTP/1.0"));
    await gone(socket);

    await until("the call to be cancelled", () => prism.counted("get", "CANCELLED") === 1);
  });
});
