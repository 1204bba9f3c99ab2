import {
  addToNumber,
  entriesOf,
  expiryOf,
  keyValue,
  type KeyValueBackend,
  type OpenContext,
  type OpenNamespace,
  type z,
} from "../../sdk/index.js";
import type { config } from "./config.js";
import { type Item, Store } from "./store.js";
import { sweepEvery } from "./sweep-every.js";

/** Opens a namespace that lives as long as this instance. */
export function openMemory({ config: settings, now }: OpenContext<z.output<typeof config>>): OpenNamespace {
  const store = new Store(settings.max_bytes, now);
  const sweeping = sweepEvery(settings.sweep_interval_ms, (most) => store.sweep(most));
  return {
    operations: keyValue(memoryKeyValue(store, now)),
    check: () => ({
      status: "HEALTHY",
      details: {
        keys: String(store.size),
        bytes: String(store.bytes),
        max_bytes: String(settings.max_bytes),
      },
    }),
    close: () => sweeping.stop(),
  };
}

function memoryKeyValue(store: Store, now: () => number): KeyValueBackend {
  const item = (value: Uint8Array, ttlMs: bigint): Item => ({
    value: own(value),
    expiresAt: expiryOf(ttlMs, now()),
  });
  return {
    get: ({ key }) => found(store.get(key)),
    exists: ({ key }) => ({ exists: store.get(key) !== undefined }),
    mget: ({ keys }, call) => ({ entries: entriesOf(keys, (key) => store.get(key)?.value, call) }),
    set: ({ key, value, ttlMs }) => store.set(key, item(value, ttlMs)),
    mset: ({ pairs }) =>
      store.setAll(new Map(pairs.map(({ key, value, ttlMs }) => [key, item(value, ttlMs)]))),
    delete: ({ key }) => {
      const deleted = store.get(key) !== undefined;
      store.delete(key);
      return { deleted };
    },
    *scan({ prefix, after }) {
      for (const [key, { value }] of store.scan(prefix, after)) yield { key, value };
    },
    increment: ({ key, delta }) => {
      const old = store.get(key);
      const value = addToNumber(old?.value, delta);
      store.set(key, { value: Buffer.from(value.toString()), expiresAt: old?.expiresAt });
      return { value };
    },
    compareAndSet: ({ key, expected, value, ttlMs }) => {
      const current = store.get(key)?.value;
      if (!sameBytes(current, expected)) return { swapped: false, ...(current && { current }) };
      store.set(key, item(value, ttlMs));
      return { swapped: true };
    },
    expire: ({ key, ttlMs }) => {
      const old = store.get(key);
      if (old) store.set(key, { value: old.value, expiresAt: expiryOf(ttlMs, now()) });
      return { found: old !== undefined };
    },
  };
}

function found(item: Item | undefined): { found: boolean; value?: Uint8Array } {
  return item ? { found: true, value: item.value } : { found: false };
}

/** A value that does not keep alive a message much larger than itself. */
function own(value: Uint8Array): Uint8Array {
  return value.buffer.byteLength > 2 * value.length + 1024 ? value.slice() : value;
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other) return one === other;
  return Buffer.compare(one, other) === 0;
}
