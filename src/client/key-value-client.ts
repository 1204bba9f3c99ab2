import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { KeyValue } from "../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { PrismError, textOf } from "../protocol/index.js";
import type { CallOptions } from "./call-options.js";

/** A value to write: bytes, or text that is written as UTF-8. */
export type Value = Uint8Array | string;

/** What one operation may say beside its message. */
export type Options = Omit<CallOptions, "namespace">;

/** How many milliseconds a value lives; absent or 0 = for ever. */
export interface Lifetime {
  readonly ttlMs?: number;
}

/** Who makes the calls: a PrismClient. */
export interface UnaryCaller {
  unary<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
    options?: CallOptions,
  ): Promise<MessageShape<Out>>;
}

const { method } = KeyValue;

/** The keys and values of one namespace. */
export class KeyValueClient {
  readonly #caller: UnaryCaller;
  readonly #namespace: string;

  constructor(caller: UnaryCaller, namespace: string) {
    this.#caller = caller;
    this.#namespace = namespace;
  }

  /** A key's value; undefined where the key is not there. */
  async get(key: string, options?: Options): Promise<Uint8Array | undefined> {
    const { found, value } = await this.#call(method.get, { key }, options);
    return found ? value : undefined;
  }

  /** A key's value as UTF-8 text; undefined where the key is not there. Rejects where it is no UTF-8. */
  async getText(key: string, options?: Options): Promise<string | undefined> {
    const value = await this.get(key, options);
    if (value === undefined) return undefined;
    const text = textOf(value);
    if (text !== undefined) return text;
    throw new PrismError("failedPrecondition", "the value is no UTF-8 text: read its bytes with get");
  }

  /** Writes a value over whatever was there. */
  async set(key: string, value: Value, options: Options & Lifetime = {}): Promise<void> {
    await this.#call(method.set, { key, value: bytesOf(value), ttlMs: ttlOf(options) }, options);
  }

  /** Removes a key; tells whether it was there. */
  async delete(key: string, options?: Options): Promise<boolean> {
    return (await this.#call(method.delete, { key }, options)).deleted;
  }

  /** Whether a key is there. */
  async exists(key: string, options?: Options): Promise<boolean> {
    return (await this.#call(method.exists, { key }, options)).exists;
  }

  /** Several values, by their keys; a key that is not there is not in the map. */
  async getMany(keys: readonly string[], options?: Options): Promise<Map<string, Uint8Array>> {
    const { entries } = await this.#call(method.mGet, { keys: [...keys] }, options);
    return new Map(entries.filter(({ found }) => found).map(({ key, value }) => [key, value]));
  }

  /** Writes several values, all or nothing. */
  async setMany(pairs: Iterable<readonly [string, Value]>, options: Options & Lifetime = {}): Promise<void> {
    const ttlMs = ttlOf(options);
    const request = { pairs: [...pairs].map(([key, value]) => ({ key, value: bytesOf(value), ttlMs })) };
    await this.#call(method.mSet, request, options);
  }

  /** Every key that begins with a prefix, and its value, in the order of the keys' bytes; read page by page. */
  async *scan(prefix: string, options?: Options): AsyncGenerator<readonly [string, Uint8Array], void> {
    let pageToken = "";
    do {
      const page = await this.#call(method.scan, { prefix, pageToken, withValues: true }, options);
      for (const { key, value } of page.entries) yield [key, value];
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** Adds to a number kept as decimal text; tells the sum. */
  async increment(key: string, delta: bigint, options?: Options): Promise<bigint> {
    return (await this.#call(method.increment, { key, delta }, options)).value;
  }

  /** Writes a value only if the present one is as expected; `undefined` expects that there is none. */
  async compareAndSet(
    key: string,
    {
      expected,
      value,
      ...options
    }: Options & Lifetime & { readonly expected?: Value; readonly value: Value },
  ): Promise<boolean> {
    const condition = expected === undefined ? {} : { expected: bytesOf(expected) };
    const request = { key, ...condition, value: bytesOf(value), ttlMs: ttlOf(options) };
    return (await this.#call(method.compareAndSet, request, options)).swapped;
  }

  /** Sets a key's time to live in milliseconds, 0 for ever; tells whether the key was there. */
  async expire(key: string, ttlMs: number, options?: Options): Promise<boolean> {
    return (await this.#call(method.expire, { key, ttlMs: BigInt(ttlMs) }, options)).found;
  }

  #call<In extends DescMessage, Out extends DescMessage>(
    called: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
    options: Options = {},
  ): Promise<MessageShape<Out>> {
    return this.#caller.unary(called, request, { ...options, namespace: this.#namespace });
  }
}

function bytesOf(value: Value): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

function ttlOf({ ttlMs = 0 }: Lifetime): bigint {
  return BigInt(ttlMs);
}
