import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  GetRequestSchema,
  GetResponseSchema,
  SetRequestSchema,
} from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { ExecuteResponseSchema } from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { HeaderList } from "../../../src/wire/index.js";
import { keyValueMethods } from "../../support/stock-client.js";
import {
  answerGet,
  answerRaw,
  answerWith,
  framed,
  type ReceivedCall,
  replyHead,
  replyOk,
} from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";

const orders = { namespace: "orders" };
const getRequest = framed(toBinary(GetRequestSchema, create(GetRequestSchema, { key: "k" })));

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start();
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

describe("a typed call", () => {
  test("reaches the plugin as an operation, and its result comes back", async () => {
    prism.plugin.answer = (call) => answerGet(call, { found: true, value: Buffer.from("hello") });

    const value = await prism.client.get("greeting", orders);

    expect(value).toBe("hello");
    expect(prism.plugin.calls[0]?.request).toMatchObject({
      operation: "get",
      params: { case: "typedParams", value: { typeUrl: "type.googleapis.com/prism.keyvalue.v1.GetRequest" } },
      metadata: { "prism-principal": "anonymous" },
    });
    expect(prism.ledger()).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
    expect(prism.counted("get", "OK")).toBe(1);
    expect(prism.plane.counters().calls).toHaveLength(1);
  });

  test("tells the plugin the namespace and the shared secret, and nothing else that a client says", async () => {
    const own = await Proxied.start({ token: "secret" });
    const metadata = { "prism-principal": "root", "prism-plugin-token": "guess", "x-other": "1" };

    await own.client.get("k", { ...orders, metadata });

    const { fields } = own.plugin.calls[0]?.headers ?? new HeaderList([]);
    expect(pairs(fields)).toMatchObject({ "prism-namespace": "orders", "prism-plugin-token": "secret" });
    expect(fields).not.toContain("x-other");
    expect(fields).not.toContain("root");
    expect(fields).not.toContain("guess");
    await own.stop();
  });

  test("takes the trace along where it is one", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    await prism.client.get("k", { ...orders, metadata: { traceparent } });
    await prism.client.get("k", { ...orders, metadata: { traceparent: "made up" } });

    expect(prism.plugin.calls[0]?.request.metadata).toEqual({ "prism-principal": "anonymous", traceparent });
    expect(prism.plugin.calls[1]?.request.metadata).toEqual({ "prism-principal": "anonymous" });
  });

  test.each([0, 1, 4091, 4096, 5000, 70_000, 3_000_000])(
    "carries a value of %i bytes there and back unchanged",
    async (bytes) => {
      const value = Buffer.alloc(bytes, "0123456789");
      prism.plugin.answer = (call) =>
        call.request.operation === "set"
          ? answerWith(call, { success: true })
          : answerGet(call, { found: true, value });

      await prism.client.unary(keyValueMethods.set, { key: "k", value }, orders);
      const read = await prism.client.unary(keyValueMethods.get, { key: "k" }, orders);

      const { params } = prism.plugin.calls[0]?.request ?? {};
      const sent = toBinary(SetRequestSchema, create(SetRequestSchema, { key: "k", value }));
      expect(
        Buffer.compare(params?.case === "typedParams" ? params.value.value : Buffer.alloc(0), sent),
      ).toBe(0);
      expect(Buffer.compare(read.value, value)).toBe(0);
    },
  );

  test("is the same whether its bytes come at once or one by one", async () => {
    const call = raw.call(path.get);
    for (const byte of getRequest) call.send(Buffer.from([byte]), false);
    call.send(Buffer.alloc(0));

    expect((await call.result).status).toBe("0");
    expect(prism.plugin.calls[0]?.request).toMatchObject({
      operation: "get",
      metadata: { "prism-principal": "anonymous" },
    });
  });
});

describe("an operation that failed", () => {
  test("is a gRPC status with the plugin's sentence and what programs need, by trailers alone", async () => {
    prism.plugin.answer = (call) => answerWith(call, { success: false, error: 'grün "x"', errorCode: 9 });

    const result = await raw.call(path.get).send(getRequest).result;

    expect(result.status).toBe("9");
    expect(result.message).toBe('grün "x"');
    expect(result.trailers.get(":status")).toBe("200");
    expect(result.info).toMatchObject({
      reason: "OPERATION_FAILED",
      domain: "prism",
      metadata: { namespace: "orders", operation: "get" },
    });
    expect(prism.counted("get", "FAILED_PRECONDITION")).toBe(1);
    expect(prism.ledger()).toMatchObject({ started: 1, completed: 1 });
  });

  test.each([
    [0, "2"],
    [77, "2"],
    [-1, "2"],
    [5, "5"],
  ])("with the code %i is never told as a success", async (errorCode, status) => {
    prism.plugin.answer = (call) => answerWith(call, { success: false, errorCode });

    expect(await raw.call(path.get).send(getRequest).result).toMatchObject({ status });
  });

  test("keeps the status that the plugin's call ended with where the channel failed", async () => {
    const trailers = new HeaderList(["grpc-status", "8", "grpc-message", "too%20busy"]);
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(new HeaderList([...replyHead.fields, ...trailers.fields]), true);
    };

    expect(await raw.call(path.get).send(getRequest).result).toMatchObject({
      status: "8",
      message: "too busy",
    });
  });
});

describe("a client that lies about its message", () => {
  test("and sends fewer bytes than it said is refused, and the operation does not run", async () => {
    const next = prism.plugin.nextCall();
    const lying = Buffer.from(getRequest);
    lying[4] = 200;

    const result = await raw.call(path.get).send(lying).result;

    expect(result).toMatchObject({
      status: "13",
      message: expect.stringContaining("in the middle") as string,
    });
    expect(await (await next).closed).toBe(8);
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });

  test("and sends more is refused, and the operation does not run", async () => {
    const result = await raw.call(path.get).send(Buffer.concat([getRequest, getRequest])).result;

    expect(result).toMatchObject({
      status: "3",
      message: expect.stringContaining("more than one") as string,
    });
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });

  test("and sends a second message later is refused, and the operation does not run", async () => {
    const call = raw.call(path.get).send(getRequest, false);
    call.send(getRequest);

    expect(await call.result).toMatchObject({ status: "3" });
    expect(prism.plugin.calls.some(({ ended }) => ended)).toBe(false);
  });

  test("and sends none is refused", async () => {
    expect(await raw.call(path.get, {}, true).result).toMatchObject({ status: "3" });
    expect(await raw.call(path.get).send(Buffer.alloc(0)).result).toMatchObject({ status: "3" });
    expect(await raw.call(path.get).send(Buffer.from([0, 0])).result).toMatchObject({ status: "13" });
    expect(prism.ledger()).toMatchObject({ started: 3, completed: 3 });
  });

  test("and announces 4 GiB costs nothing and is refused", async () => {
    const result = await raw.call(path.get).send(Buffer.from([0, 255, 255, 255, 255, 1])).result;

    expect(result).toMatchObject({ status: "8" });
  });
});

describe("a plugin that breaks the protocol", () => {
  const garbage: Readonly<Record<string, (call: ReceivedCall) => void>> = {
    "answers bytes that are no protobuf": (call) => answerRaw(call, framed(Buffer.from([0xff, 0xff, 0xff]))),
    "answers with a result of bytes": (call) =>
      answerWith(call, { success: true, result: { case: "rawResult", value: Buffer.from("x") } }),
    "answers with another type": (call) => {
      const value = anyPack(GetRequestSchema, create(GetRequestSchema, { key: "k" }));
      answerWith(call, { success: true, result: { case: "typedResult", value } });
    },
    "answers success without a result": (call) => answerWith(call, { success: true }),
    "answers nothing": (call) => answerRaw(call, Buffer.alloc(0)),
    "answers half a message": (call) => answerRaw(call, Buffer.from([0, 0, 0, 1, 0, 8, 1])),
    "answers two messages": (call) => {
      call.stream.sendHeaders(replyHead, false);
      for (let i = 0; i < 2; i++) call.stream.sendData(framed(Buffer.from([8, 0])), false);
      call.stream.sendHeaders(replyOk, true);
    },
    "answers a compressed message": (call) => answerRaw(call, framed(Buffer.from([8, 1]), 1)),
    "ends without trailers": ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendData(framed(Buffer.from([8, 1])), true);
    },
    "ends without a status": (call) =>
      answerRaw(call, framed(Buffer.from([8, 1])), new HeaderList(["x", "y"])),
    "answers a web page": ({ stream }) => {
      stream.sendHeaders(new HeaderList([":status", "200", "content-type", "text/html"]), false);
      stream.sendData(Buffer.from("<html>"), true);
    },
  };

  test.each(Object.keys(garbage))("%s: the call fails INTERNAL and names the instance", async (what) => {
    prism.plugin.answer = (call) => garbage[what]?.(call);

    const result = await raw.call(path.get).send(getRequest).result;

    expect(result.status).toBe("13");
    expect(result.message).toMatch(/orders-1|the plugin/);
    expect(result.info?.reason).toBe("PLUGIN_FAULT");
    expect(prism.ledger()).toMatchObject({ started: 1, failed: 1 });
  });
});

describe("a reply in pieces", () => {
  const result = anyPack(
    GetResponseSchema,
    create(GetResponseSchema, { found: true, value: Buffer.alloc(50, "x") }),
  );
  const good = framed(
    toBinary(
      ExecuteResponseSchema,
      create(ExecuteResponseSchema, {
        success: true,
        result: { case: "typedResult", value: result },
        metrics: { requestsTotal: 7n },
      }),
    ),
  );

  /** Answers in pieces that leave one by one. */
  function inPieces(message: Buffer, bytes: number): (call: ReceivedCall) => void {
    return ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      for (let at = 0; at < message.length; at += bytes)
        stream.sendData(message.subarray(at, at + bytes), false);
      stream.sendHeaders(replyOk, true);
    };
  }

  test.each([1, 2, 7, 30, 60, 61, 100])("of %i bytes is the same reply", async (bytes) => {
    prism.plugin.answer = inPieces(good, bytes);

    const value = await prism.client.get("k", orders);

    expect(value).toBe("x".repeat(50));
  });

  test("may tell its success behind its result", async () => {
    const [any] = [anyField(Buffer.from(result.typeUrl), Buffer.from(result.value))];
    prism.plugin.answer = inPieces(framed(Buffer.concat([any, Buffer.from([8, 1])])), 10);

    expect(await prism.client.get("k", orders)).toBe("x".repeat(50));
  });

  test.each([
    ["an error code", [24, 5]],
    ["a success taken back", [8, 0]],
  ])("that contradicts itself behind its result fails INTERNAL: %s", async (_what, behind) => {
    const big = anyPack(
      GetResponseSchema,
      create(GetResponseSchema, { found: true, value: Buffer.alloc(5000) }),
    );
    const any = anyField(Buffer.from(big.typeUrl), Buffer.from(big.value));
    prism.plugin.answer = inPieces(
      framed(Buffer.concat([Buffer.from([8, 1]), any, Buffer.from(behind)])),
      1000,
    );

    expect(await raw.call(path.get).send(getRequest).result).toMatchObject({ status: "13" });
  });

  test("that tells its success behind a result too large to hold fails INTERNAL, and says why", async () => {
    const any = anyField(Buffer.from(result.typeUrl), Buffer.alloc(2 * 1024 * 1024));
    prism.plugin.answer = inPieces(framed(Buffer.concat([any, Buffer.from([8, 1])])), 16_000);

    const failed = await raw.call(path.get).send(getRequest).result;

    expect(failed).toMatchObject({
      status: "13",
      message: expect.stringContaining("before its success") as string,
    });
  });
});

/** ExecuteResponse.typed_result, written by hand. */
function anyField(typeUrl: Buffer, value: Buffer): Buffer {
  const any = Buffer.concat([field(0x0a, typeUrl), field(0x12, value)]);
  return field(0x22, any);
}

function field(tag: number, bytes: Buffer): Buffer {
  const head = [tag];
  let rest = bytes.length;
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
}

function pairs(fields: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) found[fields[i] ?? ""] = fields[i + 1] ?? "";
  return found;
}
