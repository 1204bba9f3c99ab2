import { z } from "zod";
import { strayCredential, unreadable } from "./errors.js";

/** What a namespace on `postgres` may set. */
export const config = z.strictObject({
  /** Where the database is. The namespace's credentials `username` and `password` override what stands here. */
  connection_string: z
    .string({ error: "expected a text such as postgres://host:5432/database" })
    .regex(/^postgres(ql)?:\/\//, "expected a text such as postgres://host:5432/database"),
  /** The table, with its schema where it is not the user's first. Several namespaces may share one. */
  table: z
    .string()
    .regex(
      /^([a-z_][a-z0-9_]{0,49}\.)?[a-z_][a-z0-9_]{0,49}$/,
      "expected table or schema.table, in lower case",
    )
    .default("prism_keyvalue"),
  /** Connections at most: one for reads, the others for what may take its time. Opened as they are needed. */
  pool_size: z.int().min(1).max(100).default(8),
  /** Seconds after which a connection that nobody needs is closed; one stays open. */
  idle_timeout: z.number().min(1).max(86_400).default(300),
  /** 0 sends every statement to be parsed anew; any other number keeps the plugin's dozen prepared, on each connection. */
  statement_cache_size: z.int().min(0).default(100),
  /** How long opening a connection may take. */
  connect_timeout_ms: z.int().min(100).max(60_000).default(5000),
  /** How long a statement may take; the server ends it then, and a server that does not is given up. */
  statement_timeout_ms: z.int().min(100).max(600_000).default(10_000),
  /** How often expired keys are swept out. They are never seen, swept or not. */
  sweep_interval_ms: z.int().min(10).default(30_000),
  /** What the server calls the connections in pg_stat_activity. */
  application_name: z.string().min(1).max(63).default("prism"),
});

/** What a namespace on `postgres` has set. */
export type Config = z.output<typeof config>;

/** The keys that the user and the password come from, for a sentence. */
export function loginKeysOf({ username, password }: Readonly<Record<string, string>>): string {
  const user = username === undefined ? "config.connection_string" : "credentials.username";
  const secret = password === undefined ? "config.connection_string" : "credentials.password";
  return user === secret ? user : `${user} and ${secret}`;
}

/** The connection string with the namespace's credentials in it. */
export function connectionStringOf(
  { connection_string }: Config,
  credentials: Readonly<Record<string, string>>,
): string {
  const { username, password, ...unknown } = credentials;
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) throw strayCredential(stray);
  if (username === undefined && password === undefined) return connection_string;
  if (!URL.canParse(connection_string)) throw unreadable();
  // What stands among the parameters counts before what stands in front of the host.
  const url = new URL(connection_string);
  if (username !== undefined) url.searchParams.set("user", username);
  if (password !== undefined) url.searchParams.set("password", password);
  return url.href;
}
