import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ExecuteRequestSchema,
  StreamRequestSchema,
} from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { HeaderList } from "../../../src/wire/index.js";
import { answerRaw, answerWith, framed, replyHead, replyOk } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({ route: { operations: [{ name: "get" }, { name: "mine" }] } });
  raw = await RawClient.connect(prism.port);
  prism.plugin.answer = (call) => answerWith(call, { success: true });
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

const metadata = { "prism-principal": "root", traceparent: "forged", mine: "kept" };
const params = { case: "rawParams" as const, value: Buffer.from("params") };
const request = create(ExecuteRequestSchema, {
  operation: "mine",
  params,
  metadata,
});
const message = toBinary(ExecuteRequestSchema, request);

describe("Data/Execute", () => {
  test("passes any operation as it is, and who calls cannot be forged", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    const result = await raw.call(path.execute, { traceparent }).send(framed(message)).result;

    expect(result.status).toBe("0");
    expect(result.data).toEqual(framed(Buffer.from([8, 1])));
    expect(prism.plugin.calls[0]?.request).toMatchObject({
      operation: "mine",
      params: { case: "rawParams", value: Buffer.from("params") },
      metadata: { "prism-principal": "anonymous", traceparent, mine: "kept" },
    });
  });

  test.each([1, 5, 6, 17, 4096])("is the same when it comes in pieces of %i bytes", async (bytes) => {
    const large = { ...request, params: { case: "rawParams" as const, value: Buffer.alloc(10_000, "x") } };
    const whole = framed(toBinary(ExecuteRequestSchema, large));

    const call = raw.call(path.execute);
    for (let at = 0; at < whole.length; at += bytes) call.send(whole.subarray(at, at + bytes), false);
    call.send(Buffer.alloc(0));

    expect((await call.result).status).toBe("0");
    expect(prism.plugin.calls[0]?.request).toMatchObject({
      params: large.params,
      metadata: { "prism-principal": "anonymous" },
    });
  });

  test("counts an operation by name where the plugin declares it, and under one name where it does not", async () => {
    for (const operation of ["mine", "made-up-1", "made-up-2"]) {
      const bytes = toBinary(ExecuteRequestSchema, create(ExecuteRequestSchema, { operation }));
      await raw.call(path.execute).send(framed(bytes)).result;
    }

    expect(prism.counted("mine", "OK")).toBe(1);
    expect(prism.counted("other", "OK")).toBe(2);
    expect(prism.plane.counters().calls).toHaveLength(2);
  });

  test("passes a failed operation as an answer, and counts it by its code", async () => {
    const trailers = new HeaderList([...replyOk.fields, "prism-error-code", "5"]);
    prism.plugin.answer = (call) => answerRaw(call, framed(Buffer.from([24, 5])), trailers);

    const result = await raw.call(path.execute).send(framed(message)).result;

    expect(result).toMatchObject({ status: "0", data: framed(Buffer.from([24, 5])) });
    expect(prism.counted("mine", "NOT_FOUND")).toBe(1);
  });

  const swallowing: Readonly<Record<string, Buffer>> = {
    "a last field that claims more bytes than there are": Buffer.from([0x1a, 200, 1, 120]),
    "a last field of which only the length is there": Buffer.from([0x1a, 40]),
    "a last field of which only the tag is there": Buffer.from([0x1a]),
    "a length that goes on": Buffer.from([0x1a, 0x80]),
    "a number that goes on": Buffer.from([0x08, 0x80]),
    "a fixed field that is cut": Buffer.from([0x09, 1, 2]),
    "a group that does not end": Buffer.from([0x1b]),
    "a number longer than ten bytes": Buffer.from([0x08, ...Array<number>(10).fill(0x80), 1]),
    "field number 0": Buffer.from([0x02, 0]),
  };

  test.each(Object.keys(swallowing))(
    "refuses %s, which would swallow who calls, and nothing runs",
    async (what) => {
      const attack = Buffer.concat([message, swallowing[what] ?? Buffer.alloc(0)]);
      const inPieces = framed(attack);

      const whole = await raw.call(path.execute).send(framed(attack)).result;
      const call = raw.call(path.execute).send(inPieces.subarray(0, -1), false);
      const pieces = await call.send(inPieces.subarray(-1)).result;

      expect(whole).toMatchObject({
        status: "3",
        message: expect.stringContaining("does not parse") as string,
      });
      expect(pieces.status).toBe("3");
      expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
    },
  );

  test("refuses what is not one whole message", async () => {
    expect(await raw.call(path.execute).send(framed(message).subarray(0, -1)).result).toMatchObject({
      status: "13",
    });
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });
});

describe("Data/ExecuteStream", () => {
  test("passes both ways as it is, and tells who calls by headers", async () => {
    prism.plugin.onData = ({ stream, received }) => {
      if (received === 3) stream.sendHeaders(replyHead, false);
      stream.sendData(Buffer.from([received]), false);
    };
    prism.plugin.answer = ({ stream }) => stream.sendHeaders(replyOk, true);

    const more = { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip", "prism-principal": "root" };
    const next = prism.plugin.nextCall();
    const call = raw.call(path.stream, more).send(Buffer.from("abc"), false);
    await next;
    const result = await call.send(Buffer.from("defg")).result;

    const [received] = prism.plugin.calls;
    expect(result).toMatchObject({ status: "0" });
    expect(result.data.at(-1)).toBe(7);
    expect(received?.framed.toString()).toBe("abcdefg");
    expect(received?.headers.get(":path")).toBe("/prism.plugin.BackendPlugin/ExecuteStream");
    expect(received?.headers.get("prism-principal")).toBe("anonymous");
    expect(received?.headers.get("grpc-encoding")).toBe("gzip");
  });

  const named = framed(
    toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation: "mine", params })),
  );

  test.each([1, 4, 6, 11, 4096])(
    "counts a declared operation by the name in its first message, which may come in pieces of %i bytes",
    async (bytes) => {
      const second = framed(
        toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation: "get", params })),
      );
      const both = Buffer.concat([named, second]);

      const call = raw.call(path.stream);
      for (let at = 0; at < both.length; at += bytes) call.send(both.subarray(at, at + bytes), false);
      await call.send(Buffer.alloc(0)).result;

      expect(prism.plugin.calls[0]?.framed).toEqual(both);
      expect(prism.counted("mine", "OK")).toBe(1);
      expect(prism.plane.counters().calls).toHaveLength(1);
    },
  );

  test.each([
    [
      "nobody declared",
      framed(toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation: "made-up" }))),
    ],
    ["is compressed", Buffer.concat([Buffer.from([1]), named.subarray(1)])],
    ["does not parse", framed(Buffer.from([0xff, 0xff]))],
    ["never comes", Buffer.alloc(0)],
  ])("counts under one name what a first message names that %s", async (_, bytes) => {
    await raw.call(path.stream).send(bytes).result;

    expect(prism.counted("other", "OK")).toBe(1);
  });

  test("lets the plugin end first, and stops a client that goes on talking", async () => {
    prism.plugin.onCall = ({ stream }) =>
      stream.sendHeaders(new HeaderList([...replyHead.fields, "grpc-status", "0"]), true);

    const call = raw.call(path.stream).send(Buffer.from("a"), false);
    const [received] = [await prism.plugin.nextCall()];
    await received.closed;
    for (let sent = 0; sent < 10; sent++) call.send(Buffer.from("b"), false);

    expect(await call.result).toMatchObject({ status: "0", resetCode: 0 });
    expect(prism.ledger()).toMatchObject({ started: 1, completed: 1 });
  });
});
