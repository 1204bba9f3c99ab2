import type { Connection } from "./connection.js";
import { wrongEncoding, wrongTable } from "./errors.js";
import { reads } from "./statement.js";

const columns: Readonly<Record<string, string>> = {
  namespace: "text",
  key: "text",
  value: "bytea",
  expires_at: "timestamp with time zone",
};

/** Collations that compare text by its bytes, as pages of a scan need it. */
const byBytes = "('C', 'POSIX', 'ucs_basic', 'pg_c_utf8', 'C.UTF-8', 'C.UTF8', 'C.utf8')";

const columnsOf = reads<[name: string, type: string, isByBytes: boolean, mustBeGiven: boolean]>(
  "",
  `SELECT a.attname::text, format_type(a.atttypid, NULL),
    CASE WHEN c.collname = 'default'
      THEN d.datcollate IN ${byBytes} AND to_jsonb(d) ->> 'datlocprovider' IS DISTINCT FROM 'i'
      ELSE coalesce(c.collname IN ${byBytes}, true) END,
    a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
   FROM pg_database d, pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation
   WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND d.datname = current_database()`,
);

/** Whether (namespace, key) is the primary key, or as good as that for ON CONFLICT. */
const isKeyed = reads<[boolean]>(
  "",
  `SELECT EXISTS (
     SELECT FROM pg_index WHERE indrelid = to_regclass($1) AND indisunique AND indisvalid AND indimmediate
       AND indpred IS NULL AND indexprs IS NULL AND indnkeyatts = 2 AND (
         SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
         WHERE attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0:1])) = '{key,namespace}')`,
);

/** A table's name as statements have it; a word of SQL's own may be one. */
export function quoted(table: string): string {
  return table
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");
}

/**
 * Makes the table where it is not there, and sees that it is one of ours. Instances that start at once take turns, since
 * IF NOT EXISTS alone is a race; where the table is there no right to create anything is needed.
 */
export async function prepareTable(connection: Connection, table: string): Promise<void> {
  if (!["UTF8", "SQL_ASCII"].includes(connection.serverEncoding))
    throw wrongEncoding(connection.serverEncoding);
  const exists = reads<[boolean]>("", "SELECT to_regclass($1) IS NOT NULL");
  const [row] = await connection.run(exists, [quoted(table)]);
  if (!row?.[0]) await connection.runScript(creation(table));
  const faults = await faultsOf(connection, quoted(table));
  if (faults.length > 0) throw wrongTable(table, faults);
  await connection.runScript(`SELECT namespace, key, value, expires_at FROM ${quoted(table)} LIMIT 0`);
}

/** What is not as {@link creation} makes it, and would fail calls, or answer them wrongly, later. */
async function faultsOf(connection: Connection, table: string): Promise<string[]> {
  const found = await connection.run(columnsOf, [table]);
  const [keyed] = await connection.run(isKeyed, [table]);
  const missing = Object.keys(columns).filter((name) => !found.some(([column]) => column === name));
  return [
    ...missing.map((name) => `it has no column ${name}`),
    ...found.flatMap(([name, type, isByBytes, mustBeGiven]) => {
      const wanted = columns[name];
      if (wanted === undefined) return mustBeGiven ? [`its column ${name} must be given a value`] : [];
      if (type !== wanted) return [`its column ${name} is ${type}, not ${wanted}`];
      return name === "key" && !isByBytes ? [`its column key has no COLLATE "C"`] : [];
    }),
    ...(missing.length === 0 && !keyed?.[0] ? ["(namespace, key) is no primary key"] : []),
  ];
}

/** Sent as one text, and so run as one transaction. */
function creation(table: string): string {
  const name = quoted(table);
  const index = quoted(`${table.replace(/^.*\./, "")}_expires_at`);
  return `
    SELECT pg_advisory_xact_lock(hashtext('prism'), hashtext('${table}'));
    CREATE TABLE IF NOT EXISTS ${name} (
      namespace text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      value bytea NOT NULL,
      expires_at timestamptz,
      PRIMARY KEY (namespace, key)
    );
    CREATE INDEX IF NOT EXISTS ${index} ON ${name} (namespace, expires_at) WHERE expires_at IS NOT NULL;`;
}
