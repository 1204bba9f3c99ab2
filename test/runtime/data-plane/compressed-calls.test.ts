import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { compressionAlgorithms } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Data } from "../../../src/protocol/gen/prism/data/v1/data_pb.js";
import {
  GetRequestSchema,
  SetRequestSchema,
} from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { keyValueMethods, StockClient } from "../../support/stock-client.js";
import { answerWith, framed, type ReceivedCall } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";

const MiB = 1024 * 1024;
const orders = { namespace: "orders" };
const gzipped = { "grpc-encoding": "gzip" };
const getRequest = toBinary(GetRequestSchema, create(GetRequestSchema, { key: "k" }));

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({
    route: { operations: [{ name: "get" }, { name: "set" }, { name: "mine" }] },
  });
  raw = await RawClient.connect(prism.port);
  prism.plugin.answer = (call) => answerWith(call, { success: true });
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

function setRequest(bytes: number): Buffer {
  const value = Buffer.alloc(bytes, "0123456789");
  return Buffer.from(toBinary(SetRequestSchema, create(SetRequestSchema, { key: "k", value })));
}

function typedParams(call: ReceivedCall | undefined): Uint8Array | undefined {
  const { params } = call?.request ?? {};
  return params?.case === "typedParams" ? params.value.value : undefined;
}

describe.each(["gzip", "deflate"] as const)("a stock client that compresses with %s", (encoding) => {
  let client: StockClient;
  beforeEach(() => {
    client = new StockClient(`127.0.0.1:${prism.port}`, {
      "grpc.default_compression_algorithm": compressionAlgorithms[encoding],
    });
  });
  afterEach(() => client.close());

  test.each([0, 1, 5000, 70_000, 3_000_000])("carries a value of %i bytes unchanged", async (bytes) => {
    await client.unary(keyValueMethods.set, { key: "k", value: Buffer.alloc(bytes, "0123456789") }, orders);

    expect(Buffer.compare(typedParams(prism.plugin.calls[0]) ?? Buffer.alloc(0), setRequest(bytes))).toBe(0);
    expect(prism.plugin.calls[0]?.request.metadata).toEqual({ "prism-principal": "anonymous" });
    expect(prism.plugin.calls[0]?.headers.get("grpc-encoding")).toBeUndefined();
    expect(prism.counted("set", "OK")).toBe(1);
  });

  test("runs any operation, and who calls cannot be forged", async () => {
    const params = { case: "rawParams" as const, value: Buffer.alloc(100_000, "abc") };
    const metadata = { "prism-principal": "root", mine: "kept" };

    await client.unary(Data.method.execute, { operation: "mine", params, metadata }, orders);

    expect(prism.plugin.calls[0]?.request).toMatchObject({
      operation: "mine",
      params,
      metadata: { "prism-principal": "anonymous", mine: "kept" },
    });
    expect(prism.counted("mine", "OK")).toBe(1);
  });
});

describe("a compressed message", () => {
  test.each([1, 7, 16_384, 100_000])("is the same when it comes in pieces of %i bytes", async (bytes) => {
    const message = setRequest(bytes < 100 ? 20_000 : 8_000_000);
    const whole = framed(gzipSync(message), 1);

    const call = raw.call(path.set, gzipped);
    for (let at = 0; at < whole.length; at += bytes) call.send(whole.subarray(at, at + bytes), false);
    call.send(Buffer.alloc(0));

    expect((await call.result).status).toBe("0");
    expect(Buffer.compare(typedParams(prism.plugin.calls[0]) ?? Buffer.alloc(0), message)).toBe(0);
  });

  test("may be sent as it is by a client that says how it compresses", async () => {
    await raw.call(path.get, gzipped).send(framed(getRequest)).result;

    expect(typedParams(prism.plugin.calls[0])).toEqual(Buffer.from(getRequest));
  });

  test("of a stream passes as it is, however it is encoded", async () => {
    const message = framed(Buffer.from("as it is"), 1);
    const zstd = { "grpc-encoding": "zstd" };

    await raw.call(path.stream, zstd).send(message).result;

    expect(prism.plugin.calls[0]?.framed).toEqual(message);
    expect(prism.plugin.calls[0]?.headers.get("grpc-encoding")).toBe("zstd");
  });

  test("whose encoding is not known is refused by its head, and is told which are", async () => {
    for (const method of [path.get, path.execute]) {
      const result = await raw.call(method, { "grpc-encoding": "zstd" }).result;

      expect(result).toMatchObject({ status: "12", message: expect.stringContaining('"zstd"') as string });
      expect(result.headers.get("grpc-accept-encoding")).toBe("identity,gzip,deflate");
      expect(result.info?.reason).toBe("UNKNOWN_ENCODING");
    }
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test.each([
    ["says nothing of its encoding", {}, 1],
    ["says it is none", { "grpc-encoding": "identity" }, 1],
    ["has a flag that gRPC does not know", gzipped, 2],
  ])("that %s is refused INTERNAL, and nothing runs", async (_, headers, flag) => {
    for (const method of [path.get, path.execute]) {
      const result = await raw.call(method, headers).send(framed(gzipSync(getRequest), flag)).result;

      expect(result.status).toBe("13");
    }
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });

  test("that does not inflate is refused INTERNAL, and nothing runs", async () => {
    for (const bytes of [100, 100_000]) {
      const result = await raw.call(path.get, gzipped).send(framed(Buffer.alloc(bytes, "no"), 1)).result;

      expect(result).toMatchObject({ status: "13", message: expect.stringContaining("gzip") as string });
    }
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
    expect(prism.ledger()).toEqual({ started: 2, completed: 2, failed: 0, cut: 0 });
  });

  test("that inflates to no ExecuteRequest is refused, and nothing runs", async () => {
    const swallowing = gzipSync(Buffer.from([0x1a, 200, 1, 120]));

    const result = await raw.call(path.execute, gzipped).send(framed(swallowing, 1)).result;

    expect(result).toMatchObject({
      status: "3",
      message: expect.stringContaining("does not parse") as string,
    });
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });

  test("that is followed by another is refused, and nothing runs", async () => {
    const large = framed(deflateSync(setRequest(5_000_000), { level: 0 }), 1);
    const call = raw.call(path.set, { "grpc-encoding": "deflate" });

    const result = await call.send(Buffer.concat([large, large])).result;

    expect(result).toMatchObject({
      status: "3",
      message: expect.stringContaining("more than one") as string,
    });
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });
});

describe("the size of a message that is inflated", () => {
  test("is bounded by server.limits.message_bytes, which the refusal names, and others are served meanwhile", async () => {
    const own = await Proxied.start({ limits: { messageBytes: MiB } });
    const client = await RawClient.connect(own.port);
    const bomb = framed(gzipSync(Buffer.alloc(64 * MiB)), 1);

    const bombs = Array.from({ length: 20 }, () => client.call(path.set, gzipped).send(bomb).result);
    const quick = await client.call(path.get).send(framed(getRequest)).result;
    const refused = await Promise.all(bombs);

    expect(quick.status).toBe("0");
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(["8"]));
    expect(refused[0]?.message).toContain("server.limits.message_bytes");
    expect(own.plugin.calls.filter(({ ended }) => ended)).toHaveLength(1);
    client.vanish();
    await own.stop();
  });

  test("is bounded where that is unlimited too, whatever the length says", async () => {
    const bomb = framed(gzipSync(Buffer.alloc(65 * MiB)), 1);
    const lying = Buffer.from([1, 255, 255, 255, 255, 31]);

    expect(await raw.call(path.set, gzipped).send(bomb).result).toMatchObject({ status: "8" });
    expect(await raw.call(path.set, gzipped).send(lying).result).toMatchObject({ status: "8" });
  });
});

test("a compressed message that trickles ends when server.limits.inflating_ms is over, which the refusal names", async () => {
  const own = await Proxied.start({ limits: { inflatingMs: 50 } });
  const client = await RawClient.connect(own.port);
  const all = framed(gzipSync(getRequest), 1);

  const refused = await client.call(path.get, gzipped).send(all.subarray(0, -1), false).result;

  expect(refused).toMatchObject({
    status: "4",
    message: expect.stringContaining("than server.limits.inflating_ms allows (50)") as string,
    info: { metadata: { limit: "server.limits.inflating_ms" } },
  });
  expect(own.plane.counters().inFlight).toBe(0);
  client.vanish();
  await own.stop();
});

describe("room that messages share while they are inflated", () => {
  // Noise stays so large that it is inflated as it comes.
  const message = framed(gzipSync(randomBytes(5 * MiB), { level: 1 }), 1);
  const almost = message.subarray(0, -1);
  let narrow: Proxied;
  let client: RawClient;
  beforeEach(async () => {
    narrow = await Proxied.start({ limits: { inflatingBytes: 8 * MiB } });
    client = await RawClient.connect(narrow.port);
    narrow.plugin.answer = (call) => answerWith(call, { success: true });
  });
  afterEach(async () => {
    client.vanish();
    await narrow.stop();
  });

  test("is bounded by server.limits.inflating_bytes, which the refusal names", async () => {
    const calls = [1, 2].map(() => client.call(path.set, gzipped).send(almost, false));

    const refused = await Promise.race(calls.map(({ result }) => result));

    expect(refused).toMatchObject({
      status: "8",
      message: expect.stringContaining("server.limits.inflating_bytes") as string,
    });
    expect(narrow.plane.counters().inFlight).toBe(1);
  });

  test("is free again when a message has been sent on, before it is answered", async () => {
    const waiting: ReceivedCall[] = [];

    for (let n = 0; n < 3; n++) {
      const arrived = new Promise(
        (resolve) => (narrow.plugin.answer = (call) => resolve(waiting.push(call))),
      );
      client.call(path.set, gzipped).send(message);
      await arrived;
    }

    expect(waiting.map(({ received }) => received > 5 * MiB)).toEqual([true, true, true]);
  });

  test("is free again when the client leaves, the deadline passes or the plugin ends first", async () => {
    for (let n = 0; n < 3; n++) {
      const next = narrow.plugin.nextCall();
      const left = client.call(path.set, gzipped).send(almost, false);
      await next;
      left.stream.reset(8);
      const late = client.call(path.set, { ...gzipped, "grpc-timeout": "200m" }).send(almost, false);
      expect((await late.result).status).toBe("4");
    }
    narrow.plugin.onCall = ({ stream }) => stream.reset(7);
    expect((await client.call(path.set, gzipped).send(almost, false).result).status).toBe("14");
    narrow.plugin.onCall = undefined;
    const result = await client.call(path.set, gzipped).send(message).result;

    expect(result.status).toBe("0");
    expect(narrow.plane.counters().inFlight).toBe(0);
    expect(narrow.ledger()).toEqual({ started: 8, completed: 4, failed: 4, cut: 0 });
  });
});
