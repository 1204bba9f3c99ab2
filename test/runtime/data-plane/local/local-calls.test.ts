import { gzipSync } from "node:zlib";
import { compressionAlgorithms } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Health } from "../../../../src/protocol/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../../../src/protocol/gen/grpc/reflection/v1/reflection_pb.js";
import { CallMetrics } from "../../../../src/runtime/data-plane/common/call-metrics.js";
import { DeadlineWheel } from "../../../../src/runtime/data-plane/common/deadline-wheel.js";
import { LocalCall } from "../../../../src/runtime/data-plane/local/local-call.js";
import { LocalServices } from "../../../../src/runtime/data-plane/local/local-services.js";
import { localMethods } from "../../../../src/runtime/data-plane/plan/local-methods.js";
import { Routes } from "../../../../src/runtime/data-plane/route/routes.js";
import type { Stream } from "../../../../src/wire/index.js";
import { defaultLimits } from "../../../support/default-limits.js";
import { StockClient } from "../../../support/stock-client.js";
import { framed } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { type RawCall, RawClient, type RawResult } from "../raw-client.js";
import { LocalTestCall } from "./local-client.js";

const { check } = Health.method;
const { serverReflectionInfo } = ServerReflection.method;
const checkPath = "/grpc.health.v1.Health/Check";
/** HealthCheckRequest{service: "orders"}. */
const ofOrders = Buffer.from("\n\x06orders");
const listServices = { messageRequest: { case: "listServices", value: "" } } as const;

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

function checking(headers: Readonly<Record<string, string>> = {}): RawCall {
  return raw.call(checkPath, { "prism-namespace": "", ...headers });
}

describe("a call that Prism answers itself", () => {
  test("is the same whether its bytes come at once or one by one", async () => {
    const call = checking();
    for (const byte of framed(ofOrders)) call.send(Buffer.from([byte]), false);

    const result = await call.send(Buffer.alloc(0)).result;

    expect(result).toMatchObject({ status: "0", data: framed(Buffer.from([8, 1])) });
  });

  const bad: Readonly<Record<string, { send: (call: RawCall) => Promise<RawResult>; status: string }>> = {
    "no message": { status: "3", send: (call) => call.send(Buffer.alloc(0)).result },
    "two messages": {
      status: "3",
      send: (call) => call.send(Buffer.concat([framed(ofOrders), framed(ofOrders)])).result,
    },
    "half a message": { status: "13", send: (call) => call.send(framed(ofOrders).subarray(0, -1)).result },
    "what is no protobuf": { status: "3", send: (call) => call.send(framed(Buffer.from([0x0a, 99]))).result },
    "more than a name needs": { status: "8", send: (call) => call.send(framed(Buffer.alloc(8193))).result },
    "a length of 4 GiB": {
      status: "8",
      send: (call) => call.send(Buffer.from([0, 255, 255, 255, 255])).result,
    },
    "a compressed message without its encoding": {
      status: "13",
      send: (call) => call.send(framed(gzipSync(ofOrders), 1)).result,
    },
  };

  test.each(Object.keys(bad))("is refused where it carries %s", async (what) => {
    const result = await bad[what]?.send(checking());

    expect(result).toMatchObject({ status: bad[what]?.status, data: Buffer.alloc(0) });
    expect(prism.plane.counters().calls).toHaveLength(1);
  });

  test("takes compressed messages, and no bombs", async () => {
    const client = new StockClient(`127.0.0.1:${prism.port}`, {
      "grpc.default_compression_algorithm": compressionAlgorithms.gzip,
    });
    const gzipped = { "grpc-encoding": "gzip" };
    const bomb = framed(gzipSync(Buffer.alloc(1024 * 1024)), 1);

    expect(await client.unary(check, { service: "orders" }, { namespace: "" })).toMatchObject({ status: 1 });
    expect(await checking(gzipped).send(bomb).result).toMatchObject({ status: "8" });
    expect(await checking(gzipped).send(framed(ofOrders, 1)).result).toMatchObject({ status: "13" });
    expect(await checking({ "grpc-encoding": "br" }).result).toMatchObject({ status: "12" });
    client.close();
  });

  test("goes before what a plugin declares by the same name", async () => {
    const own = await Proxied.start({ route: { services: ["grpc.health.v1.Health"] } });

    const answer = await own.client.unary(check, { service: "orders" }, { namespace: "orders" });

    expect(answer).toMatchObject({ status: 1 });
    expect(own.plugin.calls).toHaveLength(0);
    await own.stop();
  });

  test("ends at a stop, though its client has not said all", async () => {
    const asking = checking().send(framed(ofOrders), false);
    const reflecting = new LocalTestCall(raw, serverReflectionInfo).send(listServices);
    await reflecting.untilAnswers(1);

    const stopped = prism.plane.stop(60_000);

    expect(await asking.result).toMatchObject({ status: "14" });
    expect(await reflecting.result).toMatchObject({ status: "14" });
    await stopped;
  });
});

test("a client that asks and does not read is heard no further than its window, and gets all when it reads", async () => {
  const questions = 40_000;
  const call = new LocalTestCall(raw, serverReflectionInfo);
  const question = call.framed({ ...listServices, host: "x".repeat(50) });
  call.raw.reads = false;

  call.raw.send(Buffer.concat(Array.from({ length: questions }, () => question)));
  await untilQuiet(call.raw);
  const unheard = call.raw.stream.queuedBytes;
  call.raw.resume();
  const { status } = await call.result;

  expect(unheard).toBeGreaterThan(1024 * 1024);
  expect(status).toBe("0");
  expect(call.raw.received % questions).toBe(0);
  expect(call.raw.stream.queuedBytes).toBe(0);
});

test("a message of such a call has as many bytes as local_message_bytes allows, which the refusal names", async () => {
  const own = await Proxied.start({ limits: { localMessageBytes: 1000 } });
  const client = await RawClient.connect(own.port);
  const say = async (message: Buffer, headers = {}): Promise<RawResult> =>
    await client.call(checkPath, { "prism-namespace": "", ...headers }).send(message).result;

  const taken = await say(framed(named(1000)));
  const refused = await say(framed(named(1001)));
  const inflated = await say(framed(gzipSync(named(1001)), 1), { "grpc-encoding": "gzip" });

  expect(taken).toMatchObject({ status: "5" });
  for (const one of [refused, inflated]) {
    expect(one).toMatchObject({
      status: "8",
      message: expect.stringContaining("1000 bytes (server.limits.local_message_bytes)") as string,
      info: { metadata: { limit: "server.limits.local_message_bytes" } },
    });
  }
  client.vanish();
  await own.stop();
});

describe("no more such calls run at once than local_calls allows", () => {
  const backlog = { take: () => true, give: () => undefined };
  const surroundings = {
    onUnreachable: () => undefined,
    onRefused: () => undefined,
    backlog,
    limits: defaultLimits,
  };
  const someone = () => ({ shutdown: () => undefined });
  let services: LocalServices;
  beforeEach(() => {
    const routes = new Routes({ generation: 0, routes: {} }, surroundings);
    services = new LocalServices(routes, { ...defaultLimits, localCalls: 100 });
    for (let n = 1; n < 100; n++) services.enter(someone());
  });

  test("and one more is refused", () => {
    services.enter(someone());

    expect(() => services.enter(someone())).toThrow("server.limits.local_calls allows at once (100)");
  });

  test("and one that has ended makes room for another", () => {
    const [method] = localMethods;
    if (!method) throw new Error("no method");
    const metrics = new CallMetrics().of("(prism)", method.operation);
    const plan = { method, namespace: "", encoding: undefined, timeoutMs: undefined, metrics };
    const shared = { local: services, deadlines: new DeadlineWheel(), now: () => 0 };
    const call = new LocalCall(quietStream, plan, shared);

    call.begin();
    expect(() => services.enter(someone())).toThrow("local_calls");
    call.onClose();
    services.enter(someone());
  });
});

/** A HealthCheckRequest of so many bytes, more than 130. */
function named(bytes: number): Buffer {
  const name = "x".repeat(bytes - 3);
  return Buffer.concat([
    Buffer.from([0x0a, 0x80 | (name.length & 0x7f), name.length >> 7]),
    Buffer.from(name),
  ]);
}

/** A stream on which nothing happens. */
const quietStream: Stream = {
  id: 1,
  listener: {
    onHeaders: () => undefined,
    onData: () => undefined,
    onDrain: () => undefined,
    onClose: () => undefined,
  },
  sendClosed: false,
  queuedBytes: 0,
  sendHeaders: () => undefined,
  sendData: (bytes) => bytes.length,
  sendRange: (_bytes, start, end) => end - start,
  reset: () => undefined,
  credit: () => undefined,
};

/** Waits until nothing more has come for many round trips. */
async function untilQuiet(call: RawCall): Promise<void> {
  let last = call.received;
  for (let quiet = 0; quiet < 30; quiet++) {
    await checking().send(framed(ofOrders)).result;
    if (call.received !== last) quiet = 0;
    last = call.received;
  }
}
