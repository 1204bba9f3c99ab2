import { resolve } from "node:path";
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
import { openDatabase } from "./database.js";
import { KeyValueTable, type Row } from "./key-value-table.js";
import { Sweeper } from "./sweeper.js";
import { WriteQueue } from "./write-queue.js";

/** Opens a namespace in its database; an old and a new instance may have it open at once. */
export async function openSqlite(context: OpenContext<z.output<typeof config>>): Promise<OpenNamespace> {
  const { config: settings, dataDirectory, namespace, now, signal, log } = context;
  const path = resolve(dataDirectory, settings.path);
  const busyTimeoutMs = settings.busy_timeout_ms;
  const { database, table, writes } = await openDatabase({
    ...{ path, busyTimeoutMs, signal },
    prepare: (opened) => ({
      database: opened,
      table: new KeyValueTable(opened, namespace, now),
      writes: new WriteQueue(opened, busyTimeoutMs),
    }),
  });
  const sweeper = new Sweeper(() => writes.run(() => table.sweep()), settings.sweep_interval_ms, log);
  return {
    operations: keyValue(sqliteKeyValue(table, writes, now)),
    check: () => {
      table.get("");
      return { status: "HEALTHY", details: { path } };
    },
    close: async () => {
      writes.close();
      await sweeper.stop();
      database.close();
    },
  };
}

/** When what lives so many milliseconds from now ends; null = never. */
type EndOf = (ttlMs: bigint) => number | null;

function sqliteKeyValue(table: KeyValueTable, writes: WriteQueue, now: () => number): KeyValueBackend {
  const endOf: EndOf = (ttlMs) => expiryOf(ttlMs, now()) ?? null;
  return { ...readingFrom(table), ...writingTo(table, writes, endOf), ...updatingIn(table, writes, endOf) };
}

function readingFrom(table: KeyValueTable): KeyValueBackend {
  return {
    get: ({ key }) => found(table.get(key)),
    exists: ({ key }) => ({ exists: table.get(key) !== undefined }),
    mget: ({ keys }, call) => ({ entries: entriesOf(keys, (key) => table.get(key)?.value, call) }),
    scan: (query) => table.scan(query),
  };
}

function writingTo(table: KeyValueTable, writes: WriteQueue, endOf: EndOf): KeyValueBackend {
  return {
    set: ({ key, value, ttlMs }, call) => {
      const put = (): void => table.put(key, value, endOf(ttlMs));
      return writes.run(put, { call, bytes: value.length });
    },
    mset: ({ pairs }, call) => {
      const putAll = (): void => {
        for (const { key, value, ttlMs } of pairs) table.put(key, value, endOf(ttlMs));
      };
      return writes.run(putAll, { call, bytes: pairs.reduce((sum, { value }) => sum + value.length, 0) });
    },
    delete: ({ key }, call) => {
      const remove = (): { deleted: boolean } => {
        const deleted = table.get(key) !== undefined;
        table.delete(key);
        return { deleted };
      };
      return writes.run(remove, { call });
    },
  };
}

function updatingIn(table: KeyValueTable, writes: WriteQueue, endOf: EndOf): KeyValueBackend {
  return {
    increment: ({ key, delta }, call) => {
      const add = (): { value: bigint } => {
        const old = table.get(key);
        const value = addToNumber(old?.value, delta);
        table.put(key, Buffer.from(value.toString()), old?.expiresAt ?? null);
        return { value };
      };
      return writes.run(add, { call });
    },
    compareAndSet: ({ key, expected, value, ttlMs }, call) => {
      const swap = (): { swapped: boolean; current?: Buffer } => {
        const current = table.get(key)?.value;
        if (!sameBytes(current, expected)) return { swapped: false, ...(current && { current }) };
        table.put(key, value, endOf(ttlMs));
        return { swapped: true };
      };
      return writes.run(swap, { call, bytes: value.length + (expected?.length ?? 0) });
    },
    expire: ({ key, ttlMs }, call) => {
      const touch = (): { found: boolean } => {
        const old = table.get(key);
        if (old) table.put(key, old.value, endOf(ttlMs));
        return { found: old !== undefined };
      };
      return writes.run(touch, { call });
    },
  };
}

function found(row: Row | undefined): { found: boolean; value?: Uint8Array } {
  return row ? { found: true, value: row.value } : { found: false };
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other) return one === other;
  return Buffer.compare(one, other) === 0;
}
