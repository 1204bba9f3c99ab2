import Database from "libsql";
import { expect, test } from "vitest";
import { WriteQueue } from "../../../src/plugins/sqlite/write-queue.js";
import { Code, PluginError } from "../../../src/sdk/index.js";

function open(): {
  database: Database.Database;
  insert: (n: number | null) => void;
  numbers: () => unknown[];
} {
  const database = new Database(":memory:");
  database.exec("CREATE TABLE numbers (n INTEGER NOT NULL)");
  const insert = database.prepare("INSERT INTO numbers VALUES (?)");
  const select = database.prepare("SELECT n FROM numbers ORDER BY n").raw();
  return {
    database,
    insert: (n) => void insert.run([n]),
    numbers: () => (select.all([]) as [number][]).map(([n]) => n),
  };
}

test("writes of one turn share one transaction, and are seen only when it is committed", async () => {
  const { database, insert, numbers } = open();
  const queue = new WriteQueue(database);
  let inside = 0;

  const writes = [1, 2, 3].map((n) =>
    queue.run(() => {
      insert(n);
      inside += database.inTransaction ? 1 : 0;
      return n * 10;
    }),
  );

  expect(numbers()).toEqual([]);
  expect(await Promise.all(writes)).toEqual([10, 20, 30]);
  expect(numbers()).toEqual([1, 2, 3]);
  expect(inside).toBe(3);
});

test("a write that refuses, and one that fails in the database, fail alone", async () => {
  const { database, insert, numbers } = open();
  const queue = new WriteQueue(database);

  const outcomes = await Promise.allSettled([
    queue.run(() => insert(1)),
    queue.run(() => {
      throw new PluginError(Code.FAILED_PRECONDITION, "not this one");
    }),
    queue.run(() => {
      insert(99);
      insert(null);
    }),
    queue.run(() => insert(4)),
  ]);

  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(numbers()).toEqual([1, 4]);
});
