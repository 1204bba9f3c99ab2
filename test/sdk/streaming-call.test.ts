import { once } from "node:events";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type StreamResponse, StreamRequestSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { Code, PluginError, streaming, type StreamingSettings } from "../../src/sdk/index.js";
import { connectHttp2, frameMessage, HeaderList } from "../../src/wire/index.js";
import { deferred, serveOperations } from "./support.js";

type Run = StreamingSettings<"bytes", "bytes">["run"];
const bytes = (run: Run) => streaming({ request: "bytes", response: "bytes", run });
const raw = (value: Uint8Array) => ({ params: { case: "rawParams" as const, value } });
const ns = { namespace: "ns" };
const MiB = 1024 * 1024;
const ignore = (): void => undefined;
const streamHead = new HeaderList([
  ...[":method", "POST", ":scheme", "http", ":path", "/prism.plugin.BackendPlugin/ExecuteStream"],
  ...[":authority", "plugin", "content-type", "application/grpc", "te", "trailers", "prism-namespace", "ns"],
]);

test("carries messages both ways and says which is the last", async () => {
  await using served = await serveOperations({
    shout: bytes(async function* (words) {
      for await (const word of words) yield Buffer.from(Buffer.from(word).toString().toUpperCase());
    }),
  });
  const stream = served.client.stream(ns);

  stream.write({ operation: "shout" });
  stream.write(raw(Buffer.from("one")));
  stream.end(raw(Buffer.from("two")));

  const heard: unknown[] = [];
  for await (const { result, isFinal } of stream as AsyncIterable<StreamResponse>) {
    heard.push(isFinal || String(Buffer.from(result.value as Uint8Array)));
  }
  expect(heard).toEqual(["ONE", "TWO", true]);
});

test("an operation waits while its reader is slow", async () => {
  let sent = 0;
  await using served = await serveOperations({
    flood: bytes(async function* () {
      for (; sent < 64; sent++) yield await Promise.resolve(Buffer.alloc(100 * 1024));
    }),
  });
  // A client that gives no window back until it is told to: grpc-js reads ahead without a bound.
  const connection = connectHttp2(
    connect(served.plugin.socket),
    {},
    { onAvailable: ignore, onGoaway: ignore, onClose: ignore },
  );
  const ended = deferred();
  let received = 0;
  let owed = 0;
  let reads = false;
  const stream = connection.open(streamHead, false, {
    onHeaders: ignore,
    onDrain: ignore,
    onData: (on, data, windowBytes) => {
      received += data.length;
      if (reads) on.credit(windowBytes);
      else owed += windowBytes;
    },
    onClose: () => ended.resolve(),
  });

  stream.sendData(
    frameMessage(toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation: "flood" }))),
    true,
  );
  await untilStable(() => sent);
  const whileUnread = sent;
  reads = true;
  stream.credit(owed);
  await ended.promise;
  connection.destroy();

  expect(whileUnread).toBeGreaterThan(0);
  expect(whileUnread).toBeLessThan(20);
  expect(received).toBeGreaterThan(64 * 100 * 1024);
});

test("a sender waits while the operation is slow, and messages larger than the window still arrive", async () => {
  const go = deferred();
  let read = 0;
  await using served = await serveOperations({
    swallow: bytes(async function* (chunks) {
      await go.promise;
      for await (const chunk of chunks) read += chunk.length;
      yield Buffer.from(String(read));
    }),
  });
  const stream = served.client.stream(ns);
  stream.write({ operation: "swallow" });
  let written = 0;
  for (let i = 0; i < 32; i++) stream.write(raw(Buffer.alloc(2 * MiB)), () => (written += 2 * MiB));
  stream.end();

  await untilStable(() => written);
  const whileWaiting = written;
  go.resolve();
  const [answer] = (await once(stream, "data")) as [StreamResponse];
  stream.resume();
  await once(stream, "end");

  expect(whileWaiting).toBeLessThan(32 * MiB);
  expect(String(Buffer.from(answer.result.value as Uint8Array))).toBe(String(64 * MiB));
});

test("an operation whose caller leaves is told, and what it holds is released", async () => {
  const released = deferred<boolean>();
  await using served = await serveOperations({
    wait: bytes(async function* (requests, call) {
      try {
        yield Buffer.from("begun");
        for await (const request of requests) yield request;
      } finally {
        released.resolve(call.signal.aborted);
      }
    }),
  });
  const stream = served.client.stream(ns);
  stream.on("error", () => undefined);

  stream.write({ operation: "wait" });
  await once(stream, "data");
  stream.cancel();

  expect(await released.promise).toBe(true);
});

test("a stream that fails ends with the operation's code and sentence, after what it had yielded", async () => {
  await using served = await serveOperations({
    fail: bytes(async function* () {
      yield await Promise.resolve(Buffer.from("first"));
      throw new PluginError(Code.DATA_LOSS, "the segment is damaged");
    }),
  });
  const stream = served.client.stream(ns);
  const heard: unknown[] = [];
  stream.on("data", (message) => heard.push(message));

  stream.end({ operation: "fail" });
  const [error] = (await once(stream, "error")) as [unknown];

  expect(heard.length).toBe(1);
  expect(error).toMatchObject({ code: Code.DATA_LOSS, details: "the segment is damaged" });
});

test("a stream past its deadline ends so", async () => {
  await using served = await serveOperations({
    wait: bytes(async function* (requests) {
      for await (const request of requests) yield request;
    }),
  });
  const stream = served.client.stream({ ...ns, timeoutMs: 50 });

  stream.write({ operation: "wait" });

  const [error] = (await once(stream.resume(), "error")) as [unknown];
  expect(error).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
});

test("refuses a stream of an operation it does not have, and one that names none", async () => {
  await using served = await serveOperations({});

  for (const [request, code] of [
    [{ operation: "none" }, Code.UNIMPLEMENTED],
    [undefined, Code.INVALID_ARGUMENT],
  ] as const) {
    const stream = served.client.stream(ns);
    if (request) stream.write(request);
    stream.end();
    const [error] = (await once(stream.resume(), "error")) as [unknown];
    expect(error).toMatchObject({ code });
  }
});

/** Resolves when a number no longer changes while the event loop turns. */
async function untilStable(read: () => number): Promise<void> {
  let before = -1;
  let turnsAlike = 0;
  while (turnsAlike < 2000) {
    await new Promise(setImmediate);
    turnsAlike = read() === before ? turnsAlike + 1 : 0;
    before = read();
  }
}
