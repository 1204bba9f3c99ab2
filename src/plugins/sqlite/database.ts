import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Database from "libsql";
import { Code, PluginError } from "../../sdk/index.js";
import { explain, isBusy } from "./errors.js";

/** How long to wait before the lock is tried again while a database is set up. */
const retryMs = 20;

// Keys as TEXT compare by their UTF-8 bytes (BINARY collation).
const schema = `
CREATE TABLE IF NOT EXISTS prism_keyvalue (
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (namespace, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS prism_keyvalue_expiry ON prism_keyvalue (namespace, expires_at) WHERE expires_at IS NOT NULL;
`;

/** Where a database lies and how long to wait for it. */
export interface DatabaseSettings {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a database, made where there is none: write-ahead log, so that readers and another instance go on while one
 * writes; every commit on disk before it is acknowledged.
 */
export async function openDatabase({
  path,
  busyTimeoutMs,
  signal,
}: DatabaseSettings): Promise<Database.Database> {
  try {
    return await open({ path, busyTimeoutMs, signal });
  } catch (reason) {
    const known = explain(reason);
    throw known instanceof PluginError
      ? new PluginError(known.code, `${path}: ${known.message}`, { cause: reason })
      : known;
  }
}

async function open({ path, busyTimeoutMs, signal }: DatabaseSettings): Promise<Database.Database> {
  makeDirectory(dirname(path));
  const database = new Database(path);
  try {
    database.pragma(`busy_timeout = ${busyTimeoutMs}`);
    database.pragma("synchronous = FULL");
    // SQLite does not wait for a lock when it turns to the write-ahead log, nor when two make the same table.
    await untilFree(busyTimeoutMs, signal, () => {
      database.pragma("journal_mode = WAL");
      database.exec(schema);
    });
    return database;
  } catch (reason) {
    database.close();
    throw reason;
  }
}

async function untilFree(withinMs: number, signal: AbortSignal, setUp: () => void): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      setUp();
      return;
    } catch (reason) {
      if (!isBusy(reason) || performance.now() > until) throw reason;
    }
    await wait(retryMs, undefined, { signal });
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(Code.FAILED_PRECONDITION, `its directory cannot be made: ${why}`, { cause });
  }
}
