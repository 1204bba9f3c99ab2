import {
  answerTooLarge,
  type KeyValueBackend,
  prefixEnd,
  type ScannedEntry,
  type ScanQuery,
} from "../../sdk/index.js";
import type { Connections } from "./connections.js";
import { unsettled } from "./errors.js";
import type { KeyValueStatements } from "./key-value-statements.js";

/** Longer ones would end beyond what PostgreSQL has dates for. */
const longestTtlMs = 200_000 * 365 * 86_400_000;
/** Sorts after every key, which is at most 1,024 bytes long. */
const behindEveryKey = "\u{10ffff}".repeat(257);
/** How often a key is looked at again that was gone, but there when it should have been added. */
const looks = 5;

/** The KeyValue pattern in a table. */
export function postgresKeyValue(
  connections: Connections,
  statements: KeyValueStatements,
  namespace: string,
): KeyValueBackend {
  return {
    ...readingFrom(connections, statements, namespace),
    ...writingTo(connections, statements, namespace),
    ...swappingIn(connections, statements, namespace),
  };
}

function readingFrom(
  connections: Connections,
  statements: KeyValueStatements,
  namespace: string,
): KeyValueBackend {
  return {
    get: async ({ key }, call) => {
      const [row] = await connections.read(statements.get, [namespace, key], call);
      return found(row?.[0]);
    },
    exists: async ({ key }, call) => {
      const rows = await connections.read(statements.exists, [namespace, key], call);
      return { exists: rows.length > 0 };
    },
    mget: async ({ keys }, call) => {
      const most = keys.length > 1 ? call.answerBytes : Number.MAX_SAFE_INTEGER;
      const rows = await connections.runSlow(statements.mget, [namespace, keys, most], call);
      if (Number(rows[0]?.[2] ?? 0) > most) throw answerTooLarge(most);
      const values = new Map(rows.map(([key, value]) => [key, value ?? undefined]));
      return { entries: keys.map((key) => ({ key, ...found(values.get(key)) })) };
    },
    scan: async (query, call): Promise<ScannedEntry[]> => {
      const range = rangeOf(query, namespace);
      if (!query.withValues) {
        return (await connections.runSlow(statements.scanKeys, range, call)).map(([key]) => ({ key }));
      }
      const rows = await connections.runSlow(statements.scanValues, [...range, query.maxBytes], call);
      return rows.map(([key, value]) => ({ key, value }));
    },
  };
}

function writingTo(
  connections: Connections,
  statements: KeyValueStatements,
  namespace: string,
): KeyValueBackend {
  return {
    set: async ({ key, value, ttlMs }, call) => {
      await connections.runSlow(statements.set, [namespace, key, value, ttlOf(ttlMs)], call);
    },
    mset: async ({ pairs }, call) => {
      const last = [...new Map(pairs.map((pair) => [pair.key, pair])).values()];
      const columns = [
        last.map(({ key }) => key),
        last.map(({ value }) => value),
        last.map(({ ttlMs }) => ttlOf(ttlMs)),
      ];
      await connections.runSlow(statements.mset, [namespace, ...columns], call);
    },
    delete: async ({ key }, call) => {
      const [row] = await connections.runSlow(statements.delete, [namespace, key], call);
      return { deleted: row?.[0] ?? false };
    },
    expire: async ({ key, ttlMs }, call) => {
      const rows = await connections.runSlow(statements.expire, [namespace, key, ttlOf(ttlMs)], call);
      return { found: rows.length > 0 };
    },
  };
}

function swappingIn(
  connections: Connections,
  statements: KeyValueStatements,
  namespace: string,
): KeyValueBackend {
  return {
    increment: async ({ key, delta }, call) => {
      const [row] = await connections.runSlow(statements.increment, [namespace, key, delta], call);
      return { value: BigInt(row?.[0] ?? 0) };
    },
    compareAndSet: async ({ key, expected, value, ttlMs }, call) => {
      const params = [namespace, key, value, ttlOf(ttlMs)];
      if (expected) {
        const [row] = await connections.runSlow(statements.swap, [...params, expected], call);
        return { swapped: row?.[0] ?? false, ...(row?.[1] && { current: row[1] }) };
      }
      // A key that came while the statement ran is in its way and not yet in its sight: look again.
      for (let look = 0; look < looks; look++) {
        const [row] = await connections.runSlow(statements.add, params, call);
        if (row?.[0]) return { swapped: true };
        if (row?.[1]) return { swapped: false, current: row[1] };
      }
      throw unsettled();
    },
  };
}

function found(value: Uint8Array | undefined): { found: boolean; value?: Uint8Array } {
  return value ? { found: true, value } : { found: false };
}

function rangeOf({ prefix, after, take }: ScanQuery, namespace: string): (string | number)[] {
  return [namespace, after, prefix, prefixEnd(prefix) ?? behindEveryKey, take];
}

function ttlOf(ttlMs: bigint): number | null {
  return ttlMs === 0n ? null : Math.min(Number(ttlMs), longestTtlMs);
}
