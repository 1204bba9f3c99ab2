import { resolve } from "node:path";
import {
  addToNumber,
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
  const database = await openDatabase({ path, busyTimeoutMs: settings.busy_timeout_ms, signal });
  const table = new KeyValueTable(database, namespace, now);
  const writes = new WriteQueue(database);
  const sweeper = new Sweeper(() => writes.run(() => table.sweep()), settings.sweep_interval_ms, log);
  return {
    operations: keyValue(sqliteKeyValue(table, writes, now)),
    check: () => {
      table.get("");
      return { status: "HEALTHY", details: { path } };
    },
    close: async () => {
      await sweeper.stop();
      database.close();
    },
  };
}

function sqliteKeyValue(table: KeyValueTable, writes: WriteQueue, now: () => number): KeyValueBackend {
  const endOf = (ttlMs: bigint): number | null => expiryOf(ttlMs, now()) ?? null;
  return {
    get: ({ key }) => found(table.get(key)),
    exists: ({ key }) => ({ exists: table.get(key) !== undefined }),
    mget: ({ keys }) => ({ entries: keys.map((key) => ({ key, ...found(table.get(key)) })) }),
    scan: (query) => table.scan(query),
    set: ({ key, value, ttlMs }) => writes.run(() => table.put(key, value, endOf(ttlMs))),
    mset: ({ pairs }) =>
      writes.run(() => {
        for (const { key, value, ttlMs } of pairs) table.put(key, value, endOf(ttlMs));
      }),
    delete: ({ key }) =>
      writes.run(() => {
        const deleted = table.get(key) !== undefined;
        table.delete(key);
        return { deleted };
      }),
    increment: ({ key, delta }) =>
      writes.run(() => {
        const old = table.get(key);
        const value = addToNumber(old?.value, delta);
        table.put(key, Buffer.from(value.toString()), old?.expiresAt ?? null);
        return { value };
      }),
    compareAndSet: ({ key, expected, value, ttlMs }) =>
      writes.run(() => {
        const current = table.get(key)?.value;
        if (!sameBytes(current, expected)) return { swapped: false, ...(current && { current }) };
        table.put(key, value, endOf(ttlMs));
        return { swapped: true };
      }),
    expire: ({ key, ttlMs }) =>
      writes.run(() => {
        const old = table.get(key);
        if (old) table.put(key, old.value, endOf(ttlMs));
        return { found: old !== undefined };
      }),
  };
}

function found(row: Row | undefined): { found: boolean; value?: Uint8Array } {
  return row ? { found: true, value: row.value } : { found: false };
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other) return one === other;
  return Buffer.compare(one, other) === 0;
}
