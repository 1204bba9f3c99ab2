import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keyValueStatements } from "../../src/plugins/postgres/key-value-statements.js";
import { PreparedNames } from "../../src/plugins/postgres/prepared-names.js";
import { quoted } from "../../src/plugins/postgres/table.js";
import { type Databases, startPostgres } from "../servers/postgres.js";
import { connected, type OpenedPostgres, openedPostgres } from "./opened-postgres.js";

let postgres: Databases;
let url: string;
let namespace: OpenedPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  namespace = await openedPostgres({ url, config: { pool_size: 1 } });
});
afterEach(() => namespace[Symbol.asyncDispose]());

/** The processes of the server that serve the plugin. */
async function served(): Promise<unknown> {
  await using owner = await connected(url);
  const text =
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'prism' AND datname = current_database()";
  return (await owner.query(text)).rows;
}

describe("statements that share a connection", () => {
  test("are spared where one cannot be parsed: each is told its own failure, and the connection stays", async () => {
    await using owner = await connected(url);
    await owner.query("ALTER TABLE prism_keyvalue RENAME TO elsewhere");
    const before = await served();

    const reads = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => namespace.get(`key-${i}`)));
    await owner.query("ALTER TABLE elsewhere RENAME TO prism_keyvalue");
    await namespace.set("key", "value");

    expect(
      new Set(reads.map((read) => (read.status === "rejected" ? String(read.reason) : "served"))),
    ).toEqual(new Set(["PluginError: the table is gone: reload the namespace, which makes it again"]));
    expect(await namespace.get("key")).toBe("value");
    expect(await served()).toEqual(before);
  });

  test("go on when the table is altered under what is prepared", async () => {
    await namespace.set("key", "value");
    expect(await namespace.get("key")).toBe("value");
    const before = await served();
    await using owner = await connected(url);
    // A plan whose result has another type than when it was prepared is refused by the server (0A000).
    await owner.query(`ALTER TABLE prism_keyvalue ALTER value TYPE text USING convert_from(value, 'UTF8')`);
    await namespace.get("key").catch(() => undefined);
    await owner.query(`ALTER TABLE prism_keyvalue ALTER value TYPE bytea USING convert_to(value, 'UTF8')`);

    const reads = await Promise.all(Array.from({ length: 20 }, () => namespace.get("key")));

    expect(new Set(reads)).toEqual(new Set(["value"]));
    expect(await served()).toEqual(before);
  });
});

describe("names of prepared statements", () => {
  const { get } = keyValueStatements(quoted("prism_keyvalue"));

  test("say what the statement is, and are new ones once one was at fault", () => {
    const names = new PreparedNames(true);
    const first = names.of(get);

    expect(names.failed(first, "26000")).toBe(true);
    // Sent before that was known: the same fault.
    expect(names.failed(first, "26000")).toBe(true);

    expect(first).toMatch(/^prism_get_[0-9a-f]{24}$/);
    expect(names.of(get)).toBe(`${first}_1`);
  });

  test("are given up where they are at fault again and again, as behind a pooler that goes unnoticed", () => {
    const names = new PreparedNames(true);

    for (let i = 0; i < 9; i++) names.failed(names.of(get), "42P05");

    expect(names.of(get)).toBeUndefined();
  });

  test("are not at fault where the statement is", () => {
    const names = new PreparedNames(true);

    expect(names.failed(names.of(get), "42P01")).toBe(false);
    expect(names.failed("", "26000")).toBe(false);
  });
});
