import type { MessageInitShape } from "@bufbuild/protobuf";
import * as kv from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import type { PluginClient } from "./plugin-client.js";

/** The ten operations on one namespace, values as text where that reads better. */
export class KeyValueClient {
  readonly namespace: string;
  readonly #client: PluginClient;
  readonly #pass: ((namespace: string, ms: number) => Promise<void>) | undefined;

  constructor(
    client: PluginClient,
    namespace: string,
    pass?: (namespace: string, ms: number) => Promise<void>,
  ) {
    this.#client = client;
    this.namespace = namespace;
    this.#pass = pass;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const { found, value } = await this.#client.run(
      this.#operation("get", kv.GetRequestSchema, kv.GetResponseSchema),
      { key },
    );
    return found ? value : undefined;
  }

  async text(key: string): Promise<string | undefined> {
    const value = await this.get(key);
    return value && Buffer.from(value).toString();
  }

  async set(key: string, value: string | Uint8Array, ttlMs = 0n): Promise<void> {
    const operation = this.#operation("set", kv.SetRequestSchema, kv.SetResponseSchema);
    await this.#client.run(operation, { key, value: bytesOf(value), ttlMs });
  }

  async delete(key: string): Promise<boolean> {
    const operation = this.#operation("delete", kv.DeleteRequestSchema, kv.DeleteResponseSchema);
    return (await this.#client.run(operation, { key })).deleted;
  }

  async exists(key: string): Promise<boolean> {
    const operation = this.#operation("exists", kv.ExistsRequestSchema, kv.ExistsResponseSchema);
    return (await this.#client.run(operation, { key })).exists;
  }

  async mget(keys: string[]): Promise<kv.Entry[]> {
    const operation = this.#operation("mget", kv.MGetRequestSchema, kv.MGetResponseSchema);
    return (await this.#client.run(operation, { keys })).entries;
  }

  async mset(pairs: { key: string; value: string | Uint8Array; ttlMs?: bigint }[]): Promise<void> {
    const operation = this.#operation("mset", kv.MSetRequestSchema, kv.MSetResponseSchema);
    await this.#client.run(operation, {
      pairs: pairs.map((pair) => ({ ...pair, value: bytesOf(pair.value) })),
    });
  }

  scan(request: MessageInitShape<typeof kv.ScanRequestSchema> = {}): Promise<kv.ScanResponse> {
    return this.#client.run(this.#operation("scan", kv.ScanRequestSchema, kv.ScanResponseSchema), request);
  }

  /** Every page of a scan, and what is done between two of them. */
  async scanAll(
    request: MessageInitShape<typeof kv.ScanRequestSchema> = {},
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<kv.Entry[]> {
    const entries: kv.Entry[] = [];
    let pageToken = "";
    do {
      const page = await this.scan({ ...request, pageToken });
      entries.push(...page.entries);
      pageToken = page.nextPageToken;
      if (pageToken !== "") await between();
    } while (pageToken !== "");
    return entries;
  }

  async keys(prefix = ""): Promise<string[]> {
    return (await this.scanAll({ prefix })).map(({ key }) => key);
  }

  async increment(key: string, delta = 1n): Promise<bigint> {
    const operation = this.#operation("increment", kv.IncrementRequestSchema, kv.IncrementResponseSchema);
    return (await this.#client.run(operation, { key, delta })).value;
  }

  compareAndSet(
    key: string,
    expected: string | Uint8Array | undefined,
    value: string | Uint8Array,
    ttlMs = 0n,
  ): Promise<kv.CompareAndSetResponse> {
    const { CompareAndSetRequestSchema, CompareAndSetResponseSchema } = kv;
    const operation = this.#operation(
      "compare_and_set",
      CompareAndSetRequestSchema,
      CompareAndSetResponseSchema,
    );
    const condition = expected === undefined ? {} : { expected: bytesOf(expected) };
    return this.#client.run(operation, { key, ...condition, value: bytesOf(value), ttlMs });
  }

  async expire(key: string, ttlMs: bigint): Promise<boolean> {
    const operation = this.#operation("expire", kv.ExpireRequestSchema, kv.ExpireResponseSchema);
    return (await this.#client.run(operation, { key, ttlMs })).found;
  }

  /** Moves the backend's clock, or the plugin's; see movable-clock.ts. */
  async pass(ms: number): Promise<void> {
    if (this.#pass) {
      await this.#pass(this.namespace, ms);
      return;
    }
    await this.#client.execute(
      { operation: "advance_clock", params: { case: "rawParams", value: Buffer.from(String(ms)) } },
      { namespace: this.namespace },
    );
  }

  #operation<In, Out>(operation: string, request: In, response: Out) {
    return { namespace: this.namespace, operation, request, response };
  }
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? Buffer.from(value) : value;
}
