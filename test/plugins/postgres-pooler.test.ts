import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keyValueStatements } from "../../src/plugins/postgres/key-value-statements.js";
import { type Pooler, startPooler } from "../servers/pgbouncer.js";
import { type Databases, startPostgres } from "../servers/postgres.js";
import { connected, type OpenedPostgres, openedPostgres } from "./opened-postgres.js";

let postgres: Databases;
let pooler: Pooler;
let url: string;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  pooler = await startPooler(url, 2);
});
afterEach(() => pooler.stop());

const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);

/** How many rows of which namespace lie in a table. */
async function rowsOf(table: string): Promise<unknown> {
  await using owner = await connected(url);
  return (await owner.query(`SELECT namespace, count(*)::int FROM ${table} GROUP BY 1`)).rows;
}

async function writeAll(...namespaces: readonly OpenedPostgres[]): Promise<void> {
  await Promise.all(keys.flatMap((key) => namespaces.map((namespace) => namespace.set(key, key))));
}

describe("behind a pooler that lends connections by the transaction", () => {
  test("namespaces with tables of their own share its connections, and each write lands in its own table", async () => {
    const through = pooler.through(url);
    await using one = await openedPostgres({ url: through, namespace: "one", config: { table: "t1" } });
    await using two = await openedPostgres({ url: through, namespace: "two", config: { table: "t2" } });

    await writeAll(one, two);

    expect(await rowsOf("t1")).toEqual([{ namespace: "one", count: keys.length }]);
    expect(await rowsOf("t2")).toEqual([{ namespace: "two", count: keys.length }]);
    expect(one.logged.join("\n")).toContain("a pooler stands before PostgreSQL");
  });

  test("changes no setting of a session that somebody else gets next", async () => {
    await using namespace = await openedPostgres({ url: pooler.through(url) });
    await writeAll(namespace);

    await using other = await connected(pooler.through(url));
    const { rows } = await other.query("SELECT current_setting('statement_timeout') AS timeout");

    expect(rows).toEqual([{ timeout: "0" }]);
  });

  test("a server that acknowledges commits before they are on disk is refused, with the remedy", async () => {
    await using owner = await connected(url);
    await owner.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);

    const failed = openedPostgres({ url: pooler.through(url) });

    await expect(failed).rejects.toThrow(/ALTER ROLE … SET synchronous_commit = on/);
  });
});

test("no two tables' statements have a name in common", () => {
  const [one, two] = ["t1", "t2"].map((table) => Object.values(keyValueStatements(table)));

  const names = [...(one ?? []), ...(two ?? [])].map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
});
