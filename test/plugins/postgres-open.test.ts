import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Databases, startPostgres } from "../servers/postgres.js";
import { freePort } from "../support/running-prism.js";
import { connected, openedPostgres } from "./opened-postgres.js";

let postgres: Databases;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres.stop());

/** The same database under another name, password or whatever else stands in an address. */
function changed(
  url: string,
  parts: Partial<Pick<URL, "username" | "password" | "pathname" | "port">>,
): string {
  return Object.assign(new URL(url), parts).href;
}

/** A role of its own in a database. The name is free across the server. */
async function role(url: string, rights: string): Promise<{ username: string; password: string }> {
  await using owner = await connected(url);
  const username = `role_${new URL(url).pathname.slice(1)}`;
  await owner.query(`CREATE ROLE ${username} LOGIN PASSWORD 'pw' ${rights}`);
  return { username, password: "pw" };
}

describe("opening a namespace on PostgreSQL", () => {
  test("instances that start at once make one table between them", async () => {
    const url = await postgres.createDatabase();

    const opened = await Promise.all(Array.from({ length: 8 }, () => openedPostgres({ url })));
    await Promise.all(opened.map((instance, i) => instance.set(`key-${i}`, "value")));
    const { entries } = await openedPostgres({ url }).then(async (last) => {
      opened.push(last);
      return last.scan({});
    });
    for (const instance of opened) await instance[Symbol.asyncDispose]();

    expect(entries.length).toBe(8);
  });

  test("tells its server's version to the operator", async () => {
    await using namespace = await openedPostgres({ url: await postgres.createDatabase() });

    const health = await namespace.check();

    expect(health).toMatchObject({
      status: "HEALTHY",
      details: { server_version: expect.stringMatching(/^\d+/) as unknown },
    });
  });

  test("takes a table in a schema of one's own, and a word of SQL's for its name", async () => {
    const url = await postgres.createDatabase();
    await using owner = await connected(url);
    await owner.query("CREATE SCHEMA mine");

    await using namespace = await openedPostgres({ url, config: { table: "mine.order" } });
    await namespace.set("key", "value");

    expect((await owner.query(`SELECT key FROM mine."order"`)).rows).toEqual([{ key: "key" }]);
  });

  test("credentials count before what the connection string says", async () => {
    const url = await postgres.createDatabase();
    const wrong = changed(url, { username: "nobody", password: "wrong" });
    const { username, password } = new URL(url);
    const credentials = { username, password: decodeURIComponent(password) };

    await using namespace = await openedPostgres({ url: wrong, credentials });
    await namespace.set("key", "value");

    expect(await namespace.get("key")).toBe("value");
  });

  test("needs no right to create anything where its table is there", async () => {
    const url = await postgres.createDatabase();
    await (await openedPostgres({ url }))[Symbol.asyncDispose]();
    const credentials = await role(url, "");
    await using owner = await connected(url);
    await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON prism_keyvalue TO ${credentials.username}`);

    await using namespace = await openedPostgres({ url, credentials });
    await namespace.set("key", "value");

    expect(await namespace.get("key")).toBe("value");
  });

  test("keeps its keys though statements are not prepared, as behind a pooler", async () => {
    const url = await postgres.createDatabase();

    await using namespace = await openedPostgres({ url, config: { statement_cache_size: 0 } });
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => namespace.increment(i % 2 === 0 ? "even" : "odd")),
    );

    expect(await namespace.get("even")).toBe("50");
  });
});

describe("a namespace that cannot be opened says what to do, and never the password", () => {
  test("a wrong password", async () => {
    const url = changed(await postgres.createDatabase(), { password: "hunter2" });

    const failed = openedPostgres({ url });

    await expect(failed).rejects.toThrow(
      /refused the user or the password: check config\.connection_string \(/,
    );
    await expect(failed).rejects.not.toThrow(/hunter2|postgres:\/\//);
  });

  test.each([
    [{ password: "hunter2" }, "config.connection_string and credentials.password"],
    [{ username: "prism", password: "hunter2" }, "credentials.username and credentials.password"],
  ])("wrong credentials, by their keys: %j", async (credentials, keys) => {
    const url = await postgres.createDatabase();

    const failed = openedPostgres({ url, credentials });

    await expect(failed).rejects.toThrow(`check ${keys} (`);
    await expect(failed).rejects.not.toThrow(/hunter2/);
  });

  test("no password where one is asked for", async () => {
    const url = changed(await postgres.createDatabase(), { password: "" });

    await expect(openedPostgres({ url })).rejects.toThrow(/set credentials\.password/);
  });

  test("a database that is not there", async () => {
    const url = changed(await postgres.createDatabase(), { pathname: "/nowhere" });

    await expect(openedPostgres({ url })).rejects.toThrow(/no such database: create it.*database "nowhere"/);
  });

  test("a server that is not there", async () => {
    const port = String(await freePort());
    const url = changed(postgres.url, { port });

    await expect(openedPostgres({ url })).rejects.toThrow(
      /does not answer, ECONNREFUSED: check that it runs/,
    );
  });

  test("a server that takes the connection and says nothing", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const port = String((mute.address() as AddressInfo).port);
    const url = changed(postgres.url, { port });

    const failed = openedPostgres({ url, config: { connect_timeout_ms: 100 } });

    await expect(failed).rejects.toThrow(/does not answer: check that it runs/);
    mute.close();
  });

  test("a connection string that is none", async () => {
    const url = "postgres://user:hunter2@[nowhere/db";

    const failed = openedPostgres({ url });

    await expect(failed).rejects.toThrow(/config\.connection_string cannot be read/);
    await expect(failed).rejects.not.toThrow(/hunter2/);
  });

  test("a credential that PostgreSQL does not know", async () => {
    const credentials = { user: "prism" };

    const failed = openedPostgres({ url: postgres.url, credentials });

    await expect(failed).rejects.toThrow(
      "credentials.user is unknown to PostgreSQL: there are username and password",
    );
  });

  test("a user who may not create the table", async () => {
    const url = await postgres.createDatabase();
    const credentials = await role(url, "");
    await using owner = await connected(url);
    await owner.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");

    await expect(openedPostgres({ url, credentials })).rejects.toThrow(/grant CREATE on the schema/);
  });

  test("a table of somebody else's", async () => {
    const url = await postgres.createDatabase();
    await using owner = await connected(url);
    await owner.query("CREATE TABLE prism_keyvalue (id int)");

    await expect(openedPostgres({ url })).rejects.toThrow(/it has no column namespace; it has no column key/);
  });

  test.each([
    ["namespace int, key text, value bytea, expires_at timestamptz", "namespace is integer, not text"],
    [
      `namespace text, key text COLLATE "C", value bytea, expires_at timestamp, PRIMARY KEY (namespace, key)`,
      "expires_at is timestamp without time zone, not timestamp with time zone",
    ],
    [`namespace text, key text COLLATE "C", value bytea, expires_at timestamptz`, "is no primary key"],
    [
      `namespace text, key text COLLATE "en_US.utf8", value bytea, expires_at timestamptz, PRIMARY KEY (namespace, key)`,
      'key has no COLLATE "C"',
    ],
    [
      `namespace text, key text COLLATE "C", value bytea, expires_at timestamptz, owner int NOT NULL, PRIMARY KEY (namespace, key)`,
      "owner must be given a value",
    ],
  ])("a table of another shape: %s", async (columns, fault) => {
    const url = await postgres.createDatabase();
    await using owner = await connected(url);
    await owner.query(`CREATE COLLATION IF NOT EXISTS "en_US.utf8" (provider = icu, locale = 'en-US')`);
    await owner.query(`CREATE TABLE prism_keyvalue (${columns})`);

    const failed = openedPostgres({ url });

    await expect(failed).rejects.toThrow(fault);
    await expect(failed).rejects.toThrow("Name another one in config.table");
  });

  test("a schema that is not there", async () => {
    const url = await postgres.createDatabase();

    await expect(openedPostgres({ url, config: { table: "nowhere.kv" } })).rejects.toThrow(/no such schema/);
  });

  test("an encoding that cannot hold every key", async () => {
    const url = await postgres.createDatabase();
    await using owner = await connected(url);
    const name = `${new URL(url).pathname.slice(1)}_latin`;
    await owner.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);

    const failed = openedPostgres({ url: changed(url, { pathname: `/${name}` }) });

    await expect(failed).rejects.toThrow(/encoding is LATIN1.*ENCODING 'UTF8'/);
    await owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });

  test("a server that has no connection left", async () => {
    const url = await postgres.createDatabase();
    const credentials = await role(url, "CONNECTION LIMIT 0");

    await expect(openedPostgres({ url, credentials })).rejects.toThrow(
      /no connection left: lower config\.pool_size/,
    );
  });
});
