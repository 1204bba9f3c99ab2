import { Code } from "../../sdk/index.js";
import { reads, writes } from "./statement.js";

/** Every statement on one table. $1 is always the namespace. Each is one transaction of its own, so each can be pipelined. */
export function keyValueStatements(table: string) {
  return { ...reading(table), ...writing(table), ...updating(table) };
}

/** The statements by what they do. */
export type KeyValueStatements = ReturnType<typeof keyValueStatements>;

const live = "(expires_at IS NULL OR expires_at > now())";
const ends = (ttlMs: string): string => `now() + ${ttlMs}::float8 * interval '1 millisecond'`;
const overwrite = "value = excluded.value, expires_at = excluded.expires_at";

function reading(table: string) {
  const page = `FROM ${table} WHERE namespace = $1 AND key > $2 AND key >= $3 AND key < $4 AND ${live} ORDER BY key LIMIT $5`;
  // Sizes are known without reading the values, so a page of large ones is cut before they are fetched.
  const sizes = `row_number() OVER (ORDER BY key) AS row, sum(octet_length(value)) OVER (ORDER BY key) - octet_length(value) AS bytes_before`;
  return {
    get: reads<[Buffer]>("get", `SELECT value FROM ${table} WHERE namespace = $1 AND key = $2 AND ${live}`),
    exists: reads<[1]>("exists", `SELECT 1 FROM ${table} WHERE namespace = $1 AND key = $2 AND ${live}`),
    // Where all values together are over the bound, their sum comes and none of them.
    mget: reads<[string, Buffer | null, string]>(
      "mget",
      `SELECT key, CASE WHEN bytes <= $3::bigint THEN value END, bytes FROM (
         SELECT key, value, sum(octet_length(value)) OVER () AS bytes
         FROM ${table} WHERE namespace = $1 AND key = ANY ($2::text[]) AND ${live}
       ) AS sized`,
    ),
    scanKeys: reads<[string]>("scan_keys", `SELECT key ${page}`),
    scanValues: reads<[string, Buffer]>(
      "scan_values",
      `SELECT key, value FROM (SELECT key, value, ${sizes} FROM (SELECT key, value ${page}) AS page) AS sized
       WHERE bytes_before <= $6 OR row <= 2 ORDER BY key`,
    ),
  };
}

function writing(table: string) {
  const into = `INSERT INTO ${table} (namespace, key, value, expires_at)`;
  const upsert = `ON CONFLICT (namespace, key) DO UPDATE SET ${overwrite}`;
  return {
    set: writes<[]>("set", `${into} VALUES ($1, $2, $3, ${ends("$4")}) ${upsert}`),
    // In the order of their keys, so that two that overlap cannot lock each other out.
    mset: writes<[]>(
      "mset",
      `${into} SELECT $1, key, value, ${ends("ttl_ms")}
       FROM unnest($2::text[], $3::bytea[], $4::float8[]) AS pair (key, value, ttl_ms) ORDER BY key COLLATE "C" ${upsert}`,
    ),
    delete: writes<[deleted: boolean]>(
      "delete",
      `DELETE FROM ${table} WHERE namespace = $1 AND key = $2 RETURNING ${live}`,
    ),
    expire: writes<[1]>(
      "expire",
      `UPDATE ${table} SET expires_at = ${ends("$3")} WHERE namespace = $1 AND key = $2 AND ${live} RETURNING 1`,
    ),
    sweep: writes<[1]>(
      "sweep",
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM ${table} WHERE namespace = $1 AND expires_at <= now() LIMIT $2 FOR UPDATE SKIP LOCKED
       )) RETURNING 1`,
    ),
  };
}

/** Why the server does not add. */
const notIncremented = {
  "22P02": [
    Code.FAILED_PRECONDITION,
    "the value is no decimal int64, and only numbers can be incremented: it stays as it was",
  ],
  "22003": [Code.OUT_OF_RANGE, "the sum does not fit an int64: the value stays as it was"],
} as const;

function updating(table: string) {
  const into = `INSERT INTO ${table} AS old (namespace, key, value, expires_at)`;
  const isLive = "(old.expires_at IS NULL OR old.expires_at > now())";
  return {
    increment: writes<[sum: string]>(
      "increment",
      `${into} VALUES ($1, $2, convert_to($3::bigint::text, 'UTF8'), NULL)
       ON CONFLICT (namespace, key) DO UPDATE SET
         value = CASE WHEN ${isLive} THEN convert_to((${numberIn("old.value")} + $3::bigint)::text, 'UTF8') ELSE excluded.value END,
         expires_at = CASE WHEN ${isLive} THEN old.expires_at END
       RETURNING convert_from(value, 'UTF8')`,
      notIncremented,
    ),
    // What is there is locked before it is compared, so it is the present value and not that of the statement's beginning.
    swap: writes<[swapped: boolean, current: Buffer | null]>(
      "swap",
      `WITH old AS MATERIALIZED (
         SELECT value FROM ${table} WHERE namespace = $1 AND key = $2 AND ${live} FOR UPDATE
       ), written AS (
         UPDATE ${table} AS kv SET value = $3, expires_at = ${ends("$4")} FROM old
         WHERE kv.namespace = $1 AND kv.key = $2 AND old.value = $5::bytea RETURNING 1
       )
       SELECT EXISTS (SELECT FROM written), (SELECT value FROM old WHERE NOT EXISTS (SELECT FROM written))`,
    ),
    add: writes<[added: boolean, current: Buffer | null]>(
      "add",
      `WITH written AS (
         ${into} VALUES ($1, $2, $3, ${ends("$4")})
         ON CONFLICT (namespace, key) DO UPDATE SET ${overwrite} WHERE NOT ${isLive} RETURNING 1
       )
       SELECT EXISTS (SELECT FROM written),
         (SELECT value FROM ${table} WHERE namespace = $1 AND key = $2 AND ${live} AND NOT EXISTS (SELECT FROM written))`,
    ),
  };
}

/** The int64 that a value is the decimal text of; a cast that cannot succeed (22P02) where it is none. */
function numberIn(value: string): string {
  const text = `encode(${value}, 'escape')`;
  const none = `('none: ' || octet_length(${value}))::bigint`;
  return `CASE WHEN octet_length(${value}) > 20 THEN ${none} WHEN ${text} !~ '^-?[0-9]{1,19}$' THEN ${none}
    WHEN ${text}::numeric NOT BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ${none} ELSE ${text}::bigint END`;
}
