import { Code, PluginError } from "../../sdk/index.js";

/** What SQLite's result codes mean for a caller, and what to do. The first that a code begins with counts. */
const meanings: readonly (readonly [prefix: string, code: Code, sentence: string])[] = [
  [
    "SQLITE_BUSY",
    Code.UNAVAILABLE,
    "another process holds the database's lock: try again, or raise config.busy_timeout_ms",
  ],
  ["SQLITE_LOCKED", Code.UNAVAILABLE, "another connection holds the table's lock: try again"],
  ["SQLITE_FULL", Code.RESOURCE_EXHAUSTED, "the disk is full: free space where the database lies"],
  [
    "SQLITE_READONLY",
    Code.FAILED_PRECONDITION,
    "the database is read-only: give Prism's user the right to write to the file and its directory",
  ],
  [
    "SQLITE_CORRUPT",
    Code.DATA_LOSS,
    "the database is damaged: stop the namespace and restore the file from a backup",
  ],
  [
    "SQLITE_NOTADB",
    Code.DATA_LOSS,
    "the file is no SQLite database: choose another config.path, or restore it from a backup",
  ],
  [
    "SQLITE_CANTOPEN",
    Code.UNAVAILABLE,
    "the database cannot be opened: check that its directory exists and may be written to",
  ],
  ["SQLITE_IOERR", Code.UNAVAILABLE, "the disk failed under the database: look at the system's log"],
  ["SQLITE_TOOBIG", Code.INVALID_ARGUMENT, "the value is larger than SQLite stores (1,000,000,000 bytes)"],
  ["SQLITE_NOMEM", Code.RESOURCE_EXHAUSTED, "SQLite got no memory: try again"],
];

/** Makes what SQLite threw an error for the caller; what we do not know stays as it is, and so becomes a bug in the log. */
export function explain(reason: unknown): unknown {
  const code = codeOf(reason);
  const meaning = meanings.find(([prefix]) => code.startsWith(prefix));
  return meaning ? new PluginError(meaning[1], meaning[2], { cause: reason }) : reason;
}

/** Whether another process was in the way. */
export function isBusy(reason: unknown): boolean {
  return codeOf(reason).startsWith("SQLITE_BUSY");
}

function codeOf(reason: unknown): string {
  if (!(reason instanceof Error)) return "";
  if ("code" in reason && typeof reason.code === "string" && reason.code !== "") return reason.code;
  // A database that cannot be opened is told without a code.
  return reason.message.includes("ConnectionFailed") ? "SQLITE_CANTOPEN" : "";
}
