import { Code, PluginError } from "../../sdk/index.js";
import type { Meanings, Statement } from "./statement.js";
import { tlsFailure } from "./tls-failures.js";

const lentConnection = [
  Code.UNAVAILABLE,
  "the connection has prepared statements of somebody else's and nothing was changed: behind a pooler set config.statement_cache_size to 0",
] as const;

/** By whole SQLSTATE first, then by its class, the first two characters. */
const meanings: Meanings = {
  "25006": [
    Code.FAILED_PRECONDITION,
    "the PostgreSQL server takes no writes (a standby?): point config.connection_string at the primary",
  ],
  "28": [
    Code.FAILED_PRECONDITION,
    "PostgreSQL refused the user or the password: check those of credentials, or of config.connection_string",
  ],
  "3D000": [
    Code.FAILED_PRECONDITION,
    "PostgreSQL has no such database: create it, or name another in config.connection_string",
  ],
  "3F000": [
    Code.FAILED_PRECONDITION,
    "PostgreSQL has no such schema: create it, or name another in config.table",
  ],
  "42501": [
    Code.PERMISSION_DENIED,
    "PostgreSQL does not let its user do that: grant CREATE on the schema, or SELECT, INSERT, UPDATE and DELETE on config.table",
  ],
  "42P01": [Code.FAILED_PRECONDITION, "the table is gone: reload the namespace, which makes it again"],
  "42703": [
    Code.FAILED_PRECONDITION,
    "the table was altered and has other columns than this plugin's: name another one in config.table, and reload the namespace",
  ],
  "53100": [
    Code.RESOURCE_EXHAUSTED,
    "the PostgreSQL server's disk is full: free space there, then try again",
  ],
  "53200": [Code.RESOURCE_EXHAUSTED, "the PostgreSQL server is out of memory: try again, or give it more"],
  "53300": [
    Code.RESOURCE_EXHAUSTED,
    "the PostgreSQL server has no connection left: lower config.pool_size, or raise its max_connections",
  ],
  "53": [Code.RESOURCE_EXHAUSTED, "the PostgreSQL server is at one of its limits: its log says which"],
  "54": [Code.INVALID_ARGUMENT, "that is larger than PostgreSQL takes: a value is at most 1 GB"],
  "57014": [
    Code.DEADLINE_EXCEEDED,
    "the statement was ended, as after config.statement_timeout_ms, and changed nothing: try again",
  ],
  "57": [Code.UNAVAILABLE, "the PostgreSQL server is stopping or starting: try again in a moment"],
  "40": [Code.ABORTED, "another transaction was in the way and nothing was changed: try again"],
  "55P03": [Code.ABORTED, "another transaction holds a lock and nothing was changed: try again"],
  "0A000": [Code.UNAVAILABLE, "the table was altered and nothing was changed: try again"],
  "26000": lentConnection,
  "42P05": lentConnection,
  "23": [
    Code.FAILED_PRECONDITION,
    "a constraint that somebody added to the table refused that: nothing was changed",
  ],
  "58": [Code.INTERNAL, "the PostgreSQL server's disk failed under it: look at its log"],
  XX001: [Code.DATA_LOSS, "PostgreSQL found its data damaged: look at its log, and restore from a backup"],
  XX002: [Code.DATA_LOSS, "PostgreSQL found an index damaged: look at its log, and REINDEX the table"],
};

/** Why a statement failed that had been sent. */
export function statementFailure(reason: Error, { writes, meanings: own }: Statement<never>): PluginError {
  const state = sqlState(reason);
  const meaning = own[state] ?? meanings[state] ?? meanings[state.slice(0, 2)];
  if (endsConnection(reason)) {
    const after = writes ? "whether the write took place is unknown: read before you repeat it" : "try again";
    const message = `the connection to PostgreSQL broke before it answered: ${after}`;
    return new PluginError(Code.UNAVAILABLE, message, { cause: reason });
  }
  if (meaning) return new PluginError(...meaning, { cause: reason });
  const message = `PostgreSQL failed with SQLSTATE ${state}: its log and the plugin's say more`;
  return new PluginError(Code.INTERNAL, message, { cause: reason });
}

/** Why a connection could not be opened: a sentence for the operator, without the connection string. */
export function connectFailure(reason: unknown, server: string): PluginError {
  if (reason instanceof PluginError) return reason;
  const [code, sentence] = whyNotConnected(reason);
  return new PluginError(code, `${sentence} (${server})`, { cause: reason });
}

/** The server does not take the user, or the password, which come from the keys that are named. */
export function loginRefused(cause: unknown, keys: string, server: string): PluginError {
  const message = `PostgreSQL refused the user or the password: check ${keys} (${server})`;
  return new PluginError(Code.FAILED_PRECONDITION, message, { cause });
}

/** What callers hear while no connection is open; the health check tells the operator why. */
export function away(): PluginError {
  return new PluginError(Code.UNAVAILABLE, "PostgreSQL is away and nothing was sent: try again in a moment");
}

/** The server took longer than the health check waits. */
export function silent(): PluginError {
  return new PluginError(
    Code.UNAVAILABLE,
    "the PostgreSQL server takes connections and does not answer: look at its load",
  );
}

/** More waits for a connection than may. */
export function tooMany(): PluginError {
  const message =
    "too many calls wait for PostgreSQL and this one was not sent: try again, or raise config.pool_size";
  return new PluginError(Code.RESOURCE_EXHAUSTED, message);
}

/** Nobody waits for the answer any more, so the statement was left out. */
export function left(): PluginError {
  return new PluginError(
    Code.CANCELLED,
    "the caller left before the statement was sent: nothing was changed",
  );
}

/** A key that comes and goes faster than it can be looked at. */
export function unsettled(): PluginError {
  return new PluginError(Code.ABORTED, "the key comes and goes and nothing was changed: try again");
}

/** A database whose text cannot hold every key. */
export function wrongEncoding(encoding: string): PluginError {
  const message = `the database's encoding is ${encoding}, which cannot hold every key: use one made with ENCODING 'UTF8'`;
  return new PluginError(Code.FAILED_PRECONDITION, message);
}

/** Behind a pooler a session cannot be told to wait for its commits, so the server has to do so by itself. */
export function unsafeCommits(): PluginError {
  const message =
    "the server acknowledges commits that are not on disk, and behind a pooler that cannot be changed from here: ALTER ROLE … SET synchronous_commit = on";
  return new PluginError(Code.FAILED_PRECONDITION, message);
}

/** A table that somebody else made for something else. */
export function wrongTable(table: string, faults: readonly string[]): PluginError {
  const message = `the table ${table} is not as this plugin's: ${faults.join("; ")}. Name another one in config.table, which will be made`;
  return new PluginError(Code.FAILED_PRECONDITION, message);
}

/** A credential that nobody reads is most likely a misspelled one. */
export function strayCredential(name: string): PluginError {
  const message = `credentials.${name} is unknown to PostgreSQL: there are username and password`;
  return new PluginError(Code.INVALID_ARGUMENT, message);
}

/** A connection string that is none. It is not repeated: it may hold the password. */
export function unreadable(): PluginError {
  const message =
    "config.connection_string cannot be read: expected a text such as postgres://host:5432/database";
  return new PluginError(Code.INVALID_ARGUMENT, message);
}

/** Something is wrong with a parameter of the connection string. Its value is not repeated. */
export function invalidParameter(name: string, why: string): PluginError {
  return new PluginError(Code.INVALID_ARGUMENT, `${name} in config.connection_string: ${why}`);
}

/** A file that the connection string names cannot be read. */
export function unreadableFile(parameter: string, path: string, cause: unknown): PluginError {
  const why = codeOf(cause) === "ENOENT" ? "it is not there" : `it cannot be read (${codeOf(cause)})`;
  const message = `${parameter} in config.connection_string: ${path}: ${why}`;
  return new PluginError(Code.INVALID_ARGUMENT, message, { cause });
}

/** Whether the server may be reached in another way: it has no TLS or another one, or takes this user otherwise only. */
export function asksForAnotherWay(reason: unknown): boolean {
  return sqlState(reason) === "28000" || tlsFailure(reason) !== undefined;
}

/** Whether the server does not take the user, or the password. */
export function refusesCredentials(reason: unknown): boolean {
  return ["28P01", "28000"].includes(sqlState(reason));
}

/** Whether the connection is of no more use. Connection exceptions (08) and the server's own end (57P01 and 57P02, and 57P05 for the idle) come as SQLSTATE, a broken socket without one. */
export function endsConnection(reason: Error): boolean {
  return /^(|08...|57P0[1245])$/.test(sqlState(reason));
}

function whyNotConnected(reason: unknown): readonly [Code, string] {
  const tls = tlsFailure(reason);
  if (tls) return tls;
  const state = sqlState(reason);
  const known = meanings[state] ?? meanings[state.slice(0, 2)];
  if (known) return known;
  const text = reason instanceof Error ? reason.message : "";
  if (text.includes("password must be a")) {
    return [
      Code.FAILED_PRECONDITION,
      "PostgreSQL asks for a password and there is none: set credentials.password",
    ];
  }
  const systemCode = codeOf(reason);
  const hint = systemCode === "" ? "" : `, ${systemCode}`;
  return [
    Code.UNAVAILABLE,
    `the PostgreSQL server does not answer${hint}: check that it runs and that config.connection_string is right`,
  ];
}

/** The five characters PostgreSQL tells its errors by; empty for errors that are not PostgreSQL's. */
export function sqlState(reason: unknown): string {
  const code = codeOf(reason);
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : "";
}

function codeOf(reason: unknown): string {
  return reason instanceof Error && "code" in reason && typeof reason.code === "string" ? reason.code : "";
}
