import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import * as kv from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { ExecuteRequestSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { Code, keyValue, type Operation, unary } from "../../src/sdk/index.js";
import {
  clientLimits,
  connectHttp2,
  frameMessage,
  HeaderList,
  type Stream,
  type StreamListener,
} from "../../src/wire/index.js";
import { until } from "../support/running-prism.js";
import { serveOperations } from "./support.js";

const mebibyte = 1024 ** 2;
const bounds = { unsentBytes: 8 * mebibyte, unsentConnectionBytes: 4 * mebibyte };
const large = new Uint8Array(mebibyte).fill(120);

/** A call whose answer is read only once it is told to. */
class Reader implements StreamListener {
  ended = false;
  bytes = 0;
  #isReading = false;
  #stream: Stream | undefined;
  #owed = 0;

  onHeaders(_stream: Stream, _headers: HeaderList, endStream: boolean): void {
    this.ended = endStream;
  }
  onData(stream: Stream, bytes: Buffer, windowBytes: number): void {
    this.#stream = stream;
    this.bytes += bytes.length;
    this.#owed += windowBytes;
    if (this.#isReading) this.read();
  }
  onDrain(): void {
    // What is asked is small.
  }
  onClose(): void {
    // Its end is told by its trailers.
  }
  read(): void {
    this.#isReading = true;
    this.#stream?.credit(this.#owed);
    this.#owed = 0;
  }
}

/** One connection that asks, and reads what it chooses to, as Prism's does for many clients. */
async function asking(socket: string) {
  const limits = { ...clientLimits, streamWindow: 128 * 1024, connectionWindow: 2 ** 31 - 1 };
  const quiet = (): void => undefined;
  const connection = connectHttp2(
    connect(socket),
    { limits },
    { onAvailable: quiet, onGoaway: quiet, onClose: quiet },
  );
  await until("the plugin's SETTINGS", () => connection.settled);
  const fields = [":method", "POST", ":scheme", "http", ":path", "/prism.plugin.BackendPlugin/Execute"];
  const headers = new HeaderList([...fields, "content-type", "application/grpc", "prism-namespace", "ns"]);
  const ask = (operation: string, key?: string): Reader => {
    const reader = new Reader();
    const stream = connection.open(headers, false, reader);
    stream.sendData(frameMessage(executeRequest(operation, key)), true);
    return reader;
  };
  return { connection, ask };
}

function executeRequest(operation: string, key: string | undefined): Uint8Array {
  if (key === undefined) return toBinary(ExecuteRequestSchema, create(ExecuteRequestSchema, { operation }));
  const value = anyPack(kv.GetRequestSchema, create(kv.GetRequestSchema, { key }));
  const params = { case: "typedParams" as const, value };
  return toBinary(ExecuteRequestSchema, create(ExecuteRequestSchema, { operation, params }));
}

/** Operations that answer much, and how often they have run. */
function counted(isLater: boolean): { operations: Record<string, Operation>; runs: () => number } {
  let runs = 0;
  const run = (): Uint8Array | Promise<Uint8Array> => {
    runs++;
    return isLater ? new Promise((resolve) => setImmediate(resolve, large)) : large;
  };
  const operations = {
    report: unary({ request: "bytes", response: "bytes", run }),
    small: unary({ request: "bytes", response: "bytes", run: () => Buffer.from("small") }),
    ...keyValue({
      get: ({ key }) => {
        const value = key === "large" ? large : Buffer.from("small");
        return isLater ? Promise.resolve({ found: true, value }) : { found: true, value };
      },
    }),
  };
  return { operations, runs: () => runs };
}

describe.each([
  ["at once", false],
  ["later", true],
])("while answers are not read, of operations that answer %s", (_when, isLater) => {
  test("further calls wait unrun, small ones are answered, and all are once there is room", async () => {
    const { operations, runs } = counted(isLater);
    await using served = await serveOperations(operations, bounds);
    const { connection, ask } = await asking(served.plugin.socket);
    const first = ask("report");
    await until("it to be begun", () => first.bytes > 0);

    const unread = Array.from({ length: 100 }, () => ask("report"));
    const small = ask("small");
    await until("the small one to be answered", () => small.ended);

    expect(runs()).toBeLessThanOrEqual(6);
    for (const reader of [first, ...unread]) reader.read();
    await until("all to be answered", () => unread.every(({ ended }) => ended));
    expect(runs()).toBe(101);
    connection.destroy();
  });

  test("reads whose answer is large wait, and reads of something small do not", async () => {
    const { operations } = counted(isLater);
    await using served = await serveOperations(operations, bounds);
    const { connection, ask } = await asking(served.plugin.socket);

    const unread = Array.from({ length: 100 }, () => ask("get", "large"));
    await until("some to be begun", () => unread.filter(({ bytes }) => bytes > 0).length > 2);
    const small = ask("get", "k");
    await until("the small one to be answered", () => small.ended);

    const begun = unread.filter(({ bytes }) => bytes > 0).length;
    expect(begun).toBeLessThan(isLater ? 101 : 7);
    for (const reader of unread) reader.read();
    await until("all to be answered", () => unread.every(({ ended }) => ended));
    expect(unread.every(({ bytes }) => bytes > mebibyte)).toBe(true);
    connection.destroy();
  });
});

test("calls that wait for room end when their caller leaves, and others take their place", async () => {
  const { operations, runs } = counted(false);
  await using served = await serveOperations(operations, bounds);
  const one = await asking(served.plugin.socket);
  const readers = Array.from({ length: 50 }, () => one.ask("report"));
  await until("some to be begun", () => readers.some(({ bytes }) => bytes > 0));

  one.connection.destroy();
  const other = await asking(served.plugin.socket);
  const answered = other.ask("report");
  answered.read();
  await until("another's call to be answered", () => answered.ended);

  expect(runs()).toBeLessThanOrEqual(7);
  other.connection.destroy();
});

test("an answer that does not move while others wait is given up, so that they have their turn", async () => {
  const { operations } = counted(false);
  await using served = await serveOperations(operations, {
    unsentBytes: 2 * mebibyte,
    unsentConnectionBytes: mebibyte,
  });
  const { connection, ask } = await asking(served.plugin.socket);
  const stuck = Array.from({ length: 3 }, () => ask("report"));
  await until("one to be begun", () => stuck.some(({ bytes }) => bytes > 0));

  const waiting = ask("report");
  waiting.read();
  await until("the one that waits to be answered", () => waiting.ended);

  expect(stuck.some(({ ended }) => ended)).toBe(false);
  connection.destroy();
}, 60_000);

describe("the values of one answer", () => {
  test("are each read once, however often a key is named, and are bounded together", async () => {
    let reads = 0;
    const operations = keyValue({
      mget: ({ keys }) => {
        reads += keys.length;
        return { entries: keys.map((key) => ({ key, found: true, value: large })) };
      },
    });
    await using served = await serveOperations(operations, { answerBytes: 4 * mebibyte });
    const mget = { operation: "mget", request: kv.MGetRequestSchema, response: kv.MGetResponseSchema };
    const ask = (count: number): Promise<kv.MGetResponse> => {
      const keys = Array.from({ length: count }, () => "k");
      return served.client.run({ namespace: "ns", ...mget }, { keys });
    };

    expect((await ask(3)).entries).toHaveLength(3);
    await expect(ask(3000)).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    await expect(ask(3000)).rejects.toThrow("answer_bytes (4194304)");
    expect(reads).toBe(3);
  });
});
