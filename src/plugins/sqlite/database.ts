import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Database from "libsql";
import { Code, makeDirectory, PluginError } from "../../sdk/index.js";
import { explain, isBusy } from "./errors.js";

/** How long SQLite itself waits for a lock: it does so on the event loop. Whoever can wait longer waits beside it. */
const blockingMs = 2;
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

/** Where a database lies, how long to wait for it, and what is prepared on it. */
export interface DatabaseSettings<T> {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Run again where another process is in the way. */
  readonly prepare: (database: Database.Database) => T;
}

/**
 * Opens a database, made where there is none: write-ahead log, so that readers and another instance go on while one
 * writes; every commit on disk before it is acknowledged. Resolves with what was prepared on it.
 */
export async function openDatabase<T>(settings: DatabaseSettings<T>): Promise<T> {
  try {
    return await open(settings);
  } catch (reason) {
    const known = explain(reason);
    throw known instanceof PluginError
      ? new PluginError(known.code, `${settings.path}: ${known.message}`, { cause: reason })
      : known;
  }
}

async function open<T>({ path, busyTimeoutMs, signal, prepare }: DatabaseSettings<T>): Promise<T> {
  await makeDirectoryOf(path);
  makePrivate(path);
  const database = new Database(path);
  try {
    // SQLite does not wait for a lock when it turns to the write-ahead log, nor when two make the same table; while
    // another process does so even a pragma fails.
    return await untilFree(busyTimeoutMs, signal, () => {
      database.pragma(`busy_timeout = ${blockingMs}`);
      database.pragma("synchronous = FULL");
      database.pragma("journal_mode = WAL");
      database.exec(schema);
      return prepare(database);
    });
  } catch (reason) {
    database.close();
    throw reason;
  }
}

/** A database that is not there yet is made for its owner alone, as SQLite's own two files beside it then are. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch {
    // SQLite says why in its own words.
  }
}

async function untilFree<T>(withinMs: number, signal: AbortSignal, setUp: () => T): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      return setUp();
    } catch (reason) {
      if (!isBusy(reason) || performance.now() > until) throw reason;
    }
    await wait(retryMs, undefined, { signal });
  }
}

async function makeDirectoryOf(path: string): Promise<void> {
  try {
    await makeDirectory(dirname(path));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(Code.FAILED_PRECONDITION, `its directory cannot be made: ${why}`, { cause });
  }
}
