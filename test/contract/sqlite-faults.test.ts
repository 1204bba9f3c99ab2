import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Code } from "../../src/protocol/index.js";
import { KeyValueClient } from "./support/key-value-client.js";
import { type LaunchedPlugin, launchPlugin } from "./support/launched-plugin.js";

const module = "src/plugins/sqlite/index.ts";
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "sqlite-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const launch = (): Promise<LaunchedPlugin> => launchPlugin({ module, home: "process", directory });

async function open(
  launched: LaunchedPlugin,
  config: Record<string, string | number> = {},
): Promise<KeyValueClient> {
  expect(await launched.client.initialize("ns", config)).toMatchObject({ success: true, error: "" });
  return new KeyValueClient(launched.client, "ns");
}

test("keeps every acknowledged write when its process is killed under load", async () => {
  const acknowledged = new Set<string>();
  {
    await using killed = await launch();
    const kv = await open(killed);
    let next = 0;
    const writers = Array.from({ length: 16 }, async () => {
      for (;;) {
        const key = `key ${next++}`;
        await kv.set(key, `value of ${key}`);
        acknowledged.add(key);
        if (acknowledged.size === 500) killed.child?.kill("SIGKILL");
      }
    });
    const ends = await Promise.allSettled(writers);
    expect(ends.every(({ status }) => status === "rejected")).toBe(true);
  }

  await using again = await launch();
  const kv = await open(again);
  const found = await kv.mget([...acknowledged]);

  expect(acknowledged.size).toBeGreaterThanOrEqual(500);
  expect(found.filter(({ key, value }) => Buffer.from(value).toString() !== `value of ${key}`)).toEqual([]);
});

test("an old and a new instance serve one namespace at once, and lose no increment", async () => {
  await using old = await launch();
  await using fresh = await launch();
  const [one, other] = await Promise.all([open(old), open(fresh)]);

  const sums = await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? one : other).increment("n")));

  expect(new Set(sums).size).toBe(200);
  expect(await one.text("n")).toBe("200");
  expect(await other.text("n")).toBe("200");
});

test("a database that another process holds is UNAVAILABLE after the busy timeout, and serves on when it is free", async () => {
  await using launched = await launch();
  const kv = await open(launched, { busy_timeout_ms: 1 });
  await kv.set("key", "before");
  const holder = new Database(join(launched.directory, "data", "data.sqlite"));

  holder.exec("BEGIN IMMEDIATE");
  await expect(kv.set("key", "held")).rejects.toMatchObject({
    code: Code.UNAVAILABLE,
    message: /busy_timeout_ms/,
  });
  expect(await kv.text("key")).toBe("before");
  holder.exec("ROLLBACK");
  holder.close();

  await kv.set("key", "after");
  expect(await kv.text("key")).toBe("after");
});

test("serves reads while writes wait for another process that holds the database, and then writes in their order", async () => {
  await using launched = await launch();
  const kv = await open(launched, { busy_timeout_ms: 60_000 });
  await kv.set("key", "before");
  const holder = new Database(join(launched.directory, "data", "data.sqlite"));
  holder.exec("BEGIN IMMEDIATE");

  const writes = ["one", "two", "three"].map((value) => kv.set("key", value));
  for (let i = 0; i < 20; i++) expect(await kv.text("key")).toBe("before");
  holder.exec("ROLLBACK");
  holder.close();
  await Promise.all(writes);

  expect(await kv.text("key")).toBe("three");
});

test("makes its files for their owner alone", async () => {
  await using launched = await launch();
  const kv = await open(launched);
  await kv.set("key", "value");

  const files = readdirSync(join(launched.directory, "data")).filter((name) =>
    name.startsWith("data.sqlite"),
  );

  expect(files.length).toBeGreaterThan(1);
  for (const name of files) expect(statSync(join(launched.directory, "data", name)).mode & 0o077).toBe(0);
});

test("refuses a file that is no database, and a path where none can be, and says what to do", async () => {
  await using launched = await launch();
  const notes = join(directory, "notes.txt");
  writeFileSync(notes, "no database, but text that is long enough to be read as one. ".repeat(100));
  mkdirSync(join(directory, "folder"));

  const [text, folder, below] = await Promise.all([
    launched.client.initialize("one", { path: notes }),
    launched.client.initialize("two", { path: join(directory, "folder") }),
    launched.client.initialize("three", { path: join(notes, "data.sqlite") }),
  ]);

  expect(text.error).toMatch(/notes\.txt.*no SQLite database.*backup/);
  expect(folder.error).toMatch(/folder.*cannot be opened/);
  expect(below.error).toMatch(/directory cannot be made/);
});

test("sweeps what has expired off the disk", async () => {
  await using launched = await launch();
  const kv = await open(launched, { sweep_interval_ms: 10 });
  const rows = (database: Database.Database): unknown =>
    database.prepare("SELECT count(*) FROM prism_keyvalue").raw().get([]);

  await kv.mset(Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, value: "", ttlMs: 1n })));
  await kv.set("stays", "");

  const database = new Database(join(launched.directory, "data", "data.sqlite"));
  await expect.poll(() => rows(database), { timeout: 10_000, interval: 5 }).toEqual([1]);
  expect(await kv.keys()).toEqual(["stays"]);
  database.close();
});
