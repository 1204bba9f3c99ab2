import type Database from "libsql";
import { prefixEnd, type ScannedEntry, type ScanQuery } from "../../sdk/index.js";
import { explain } from "./errors.js";

/** Values up to this size come with a scan's rows; larger ones are read one by one, as the page has room for them. */
const inlineBytes = 4096;

/** Keys swept out in one transaction, so that no other write waits for long. */
const sweepBatch = 200;

/** A BLOB, which SQLite sorts behind every text: the end of a range that has none. */
const behindEveryKey = Buffer.alloc(0);

/** A value and when it ends, in milliseconds since 1970; null = never. */
export interface Row {
  readonly value: Buffer;
  readonly expiresAt: number | null;
}

/** One namespace's rows of the table `prism_keyvalue`. An expired row is never seen. */
export class KeyValueTable {
  readonly #namespace: string;
  readonly #now: () => number;
  readonly #get: Database.Statement;
  readonly #put: Database.Statement;
  readonly #delete: Database.Statement;
  readonly #scan: Database.Statement;
  readonly #sweep: Database.Statement;

  constructor(database: Database.Database, namespace: string, now: () => number) {
    this.#namespace = namespace;
    this.#now = now;
    this.#get = database
      .prepare("SELECT value, expires_at FROM prism_keyvalue WHERE namespace = ? AND key = ?")
      .raw();
    this.#put = database.prepare(
      `INSERT INTO prism_keyvalue (namespace, key, value, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
    );
    this.#delete = database.prepare("DELETE FROM prism_keyvalue WHERE namespace = ? AND key = ?");
    this.#scan = database
      .prepare(
        `SELECT key, CASE WHEN length(value) <= ${inlineBytes} THEN value END FROM prism_keyvalue
         WHERE namespace = ?1 AND key >= max(?2, ?3) AND key <> ?3 AND key < ?4 AND (expires_at IS NULL OR expires_at > ?5)
         ORDER BY key LIMIT ?6`,
      )
      .raw();
    this.#sweep = database.prepare(
      `DELETE FROM prism_keyvalue WHERE namespace = ?1 AND key IN
         (SELECT key FROM prism_keyvalue WHERE namespace = ?1 AND expires_at <= ?2 LIMIT ${sweepBatch})`,
    );
  }

  get(key: string): Row | undefined {
    const row = explained(() => this.#get.get([this.#namespace, key])) as [Buffer, number | null] | undefined;
    if (!row) return undefined;
    const [value, expiresAt] = row;
    return expiresAt === null || expiresAt > this.#now() ? { value, expiresAt } : undefined;
  }

  put(key: string, value: Uint8Array, expiresAt: number | null): void {
    this.#put.run([this.#namespace, key, value, expiresAt]);
  }

  delete(key: string): void {
    this.#delete.run([this.#namespace, key]);
  }

  *scan({ prefix, after, take, withValues }: ScanQuery): Iterable<ScannedEntry> {
    const end = prefixEnd(prefix) ?? behindEveryKey;
    const bounds = [this.#namespace, prefix, after, end, this.#now(), take];
    const rows = explained(() => this.#scan.all(bounds)) as [string, Buffer | null][];
    for (const [key, inline] of rows) {
      const value = inline ?? (withValues ? this.get(key)?.value : nothing);
      if (value) yield { key, value };
    }
  }

  /** Frees some of what has expired, and tells whether there may be more. */
  sweep(): boolean {
    return this.#sweep.run([this.#namespace, this.#now()]).changes === sweepBatch;
  }
}

const nothing = Buffer.alloc(0);

/** Reads; what SQLite throws becomes an error for the caller. */
function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (reason) {
    throw explain(reason);
  }
}
