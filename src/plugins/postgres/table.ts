import type { Connection } from "./connection.js";
import { wrongEncoding } from "./errors.js";
import { reads } from "./statement.js";

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
  await connection.runScript(`SELECT namespace, key, value, expires_at FROM ${quoted(table)} LIMIT 0`);
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
