import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WriteQueue } from "../../../src/plugins/sqlite/write-queue.js";
import { Code, PluginError } from "../../../src/sdk/index.js";
import { temporaryDirectory } from "../../support/temporary.js";

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
  const queue = new WriteQueue(database, 1000);
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
  const queue = new WriteQueue(database, 1000);

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

describe("while another connection holds the lock", () => {
  let directory: string;
  let holder: Database.Database;
  let queue: WriteQueue;
  beforeEach(async () => {
    directory = await temporaryDirectory();
    const path = join(directory, "data.sqlite");
    const database = new Database(path);
    database.pragma("busy_timeout = 0");
    queue = new WriteQueue(database, 60_000);
    holder = new Database(path);
    holder.exec("BEGIN IMMEDIATE");
  });
  afterEach(() => {
    queue.close();
    holder.close();
  });

  test("a write whose caller has left is not done", async () => {
    const caller = new AbortController();
    let isDone = false;
    const write = queue.run(() => (isDone = true), { call: caller });

    caller.abort();

    await expect(write).rejects.toMatchObject({ code: Code.CANCELLED });
    expect(isDone).toBe(false);
  });

  test("no more wait than may, by their number and by their bytes", async () => {
    const large = queue.run(() => undefined, { bytes: 60 * 1024 * 1024 });
    await expect.poll(() => queue.isWaitingForLock).toBe(true);

    const tooLarge = queue.run(() => undefined, { bytes: 5 * 1024 * 1024 });
    await expect(tooLarge).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    const small = Array.from({ length: 4095 }, () => queue.run(() => 1));
    await expect(queue.run(() => 1)).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });

    holder.exec("ROLLBACK");
    await Promise.all([large, ...small]);
  });

  test("those that wait are refused when the queue closes", async () => {
    const write = queue.run(() => 1);
    await expect.poll(() => queue.isWaitingForLock).toBe(true);

    queue.close();

    await expect(write).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });
});
