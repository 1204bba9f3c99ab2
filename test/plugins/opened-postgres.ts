import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Client } from "pg";
import postgres from "../../src/plugins/postgres/index.js";
import * as kv from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import type { Health } from "../../src/sdk/index.js";

/** What to open; the url is the config's connection_string. */
export interface Opening {
  readonly url: string;
  readonly namespace?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, string>>;
}

/** A namespace of the plugin, opened in this process, its operations as functions. */
export interface OpenedPostgres extends AsyncDisposable {
  /** What the plugin logged, a line each. */
  readonly logged: readonly string[];
  get(key: string): Promise<string | undefined>;
  set(
    key: string,
    value: string | Uint8Array,
    options?: { ttlMs?: bigint; signal?: AbortSignal },
  ): Promise<void>;
  mset(pairs: Readonly<Record<string, string>>): Promise<void>;
  /** One page: its keys, and where the next one begins. */
  scan(request: MessageInitShape<typeof kv.ScanRequestSchema>): Promise<kv.ScanResponse>;
  increment(key: string): Promise<bigint>;
  compareAndSet(key: string, expected: string | undefined, value: string): Promise<kv.CompareAndSetResponse>;
  check(signal?: AbortSignal): Promise<Health>;
}

/** Opens a namespace as the SDK does. Rejects as the plugin does. */
export async function openedPostgres({
  url,
  namespace = "test",
  config = {},
  credentials = {},
}: Opening): Promise<OpenedPostgres> {
  const logged: string[] = [];
  const write = (text: string, fields?: object): void =>
    void logged.push(`${text} ${JSON.stringify(fields)}`);
  const log = { debug: write, info: write, warn: write, error: write };
  const opened = await postgres.open({
    namespace,
    config: { connection_string: url, ...config },
    credentials,
    dataDirectory: "",
    log,
    signal: new AbortController().signal,
    now: Date.now,
  });
  const run = async <In extends DescMessage, Out extends DescMessage>(
    [operation, request, response]: readonly [string, In, Out],
    params: MessageInitShape<In>,
    signal = new AbortController().signal,
  ): Promise<MessageShape<Out>> => {
    const found = opened.operations[operation];
    if (found?.kind !== "unary") throw new Error(`no operation ${operation}`);
    const told = {
      operation,
      namespace,
      principal: "",
      traceparent: "",
      metadata: () => undefined,
      answerBytes: 1024 ** 2,
    };
    const call = { ...told, deadline: undefined, signal, log };
    return fromBinary(response, await found.run(toBinary(request, create(request, params)), call));
  };
  return {
    logged,
    get: async (key) => {
      const { found, value } = await run(["get", kv.GetRequestSchema, kv.GetResponseSchema], { key });
      return found ? Buffer.from(value).toString() : undefined;
    },
    set: async (key, value, { ttlMs = 0n, signal } = {}) => {
      const params = { key, value: Buffer.from(value), ttlMs };
      await run(["set", kv.SetRequestSchema, kv.SetResponseSchema], params, signal);
    },
    mset: async (values) => {
      const pairs = Object.entries(values).map(([key, value]) => ({ key, value: Buffer.from(value) }));
      await run(["mset", kv.MSetRequestSchema, kv.MSetResponseSchema], { pairs });
    },
    scan: (request) => run(["scan", kv.ScanRequestSchema, kv.ScanResponseSchema], request),
    increment: async (key) => {
      const params = { key, delta: 1n };
      return (await run(["increment", kv.IncrementRequestSchema, kv.IncrementResponseSchema], params)).value;
    },
    compareAndSet: (key, expected, value) => {
      const condition = expected === undefined ? {} : { expected: Buffer.from(expected) };
      const params = { key, value: Buffer.from(value), ...condition };
      return run(["compare_and_set", kv.CompareAndSetRequestSchema, kv.CompareAndSetResponseSchema], params);
    },
    check: async (signal = new AbortController().signal) =>
      (await opened.check?.(signal)) ?? { status: "HEALTHY" },
    [Symbol.asyncDispose]: async () => {
      await opened.close?.();
    },
  };
}

/** A connection of the test's own, beside the plugin's. */
export async function connected(url: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  // A server that is killed takes this one along; the test knows.
  client.on("error", () => undefined);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
