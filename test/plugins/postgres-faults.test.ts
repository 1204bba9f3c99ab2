import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Code, TimeLimit } from "../../src/protocol/index.js";
import { type OwnPostgres, startOwnPostgres } from "../servers/postgres.js";
import { until } from "../support/running-prism.js";
import { connected, type OpenedPostgres, openedPostgres } from "./opened-postgres.js";

let postgres: OwnPostgres;
let url: string;
let namespace: OpenedPostgres | undefined;
beforeAll(async () => {
  postgres = await startOwnPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
});
afterEach(async () => {
  await namespace?.[Symbol.asyncDispose]();
  namespace = undefined;
});

/** What a promise is rejected with. */
async function failure(failing: Promise<unknown>): Promise<{ code: number; message: string }> {
  const reason: unknown = await failing.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  return reason as { code: number; message: string };
}

/** Writes keys one after another from several callers, and remembers what was acknowledged and what failed. */
class WriteLoad {
  readonly acknowledged: string[] = [];
  readonly failures: { code: number; message: string }[] = [];
  readonly #callers: Promise<void>[];
  #stopped = false;

  constructor(target: OpenedPostgres) {
    this.#callers = Array.from({ length: 16 }, (_, caller) => this.#write(target, caller));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #write(target: OpenedPostgres, caller: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const key = `${caller}-${i}`;
      try {
        await target.set(key, key);
        this.acknowledged.push(key);
      } catch (reason) {
        this.failures.push(reason as { code: number; message: string });
        await new Promise(setImmediate);
      }
    }
  }
}

/** Acknowledged keys that are not in the table. */
async function missing(keys: readonly string[]): Promise<string[]> {
  await using owner = await connected(url);
  const { rows } = await owner.query<{ key: string }>("SELECT key FROM prism_keyvalue");
  const stored = new Set(rows.map(({ key }) => key));
  return keys.filter((key) => !stored.has(key));
}

describe("a PostgreSQL server that goes away", () => {
  for (const end of ["kill9", "halt"] as const) {
    test(`by ${end} under load: calls are UNAVAILABLE until it is back, and every acknowledged write is there`, async () => {
      namespace = await openedPostgres({ url });
      const load = new WriteLoad(namespace);
      await until("the first writes", () => load.acknowledged.length > 500);

      await postgres[end]();
      await until("calls to fail", () => load.failures.length > 50);
      await postgres.start();
      const before = load.acknowledged.length;
      await until("writes after the restart", () => load.acknowledged.length > before + 500);
      await load.stop();

      expect(new Set(load.failures.map(({ code }) => code))).toEqual(new Set([Code.UNAVAILABLE]));
      expect(await missing(load.acknowledged)).toEqual([]);
    });
  }

  test("is told in the health check with a sentence for the operator, and to callers without its address", async () => {
    namespace = await openedPostgres({ url });
    const target = namespace;
    await postgres.halt();
    await until(
      "the loss to be seen",
      async () => (await failure(target.get("key"))).code === Code.UNAVAILABLE,
    );

    const read = await failure(namespace.get("key"));
    await until("a try to reconnect", async () =>
      ((await target.check()).message ?? "").includes("ECONNREFUSED"),
    );
    const health = await namespace.check();
    await postgres.start();
    await until("it to be back", async () => (await target.check()).status === "HEALTHY");

    expect(read.message).toBe("PostgreSQL is away and nothing was sent: try again in a moment");
    expect(health.status).toBe("UNHEALTHY");
    expect(health.message).toContain(`127.0.0.1:${new URL(url).port}`);
    expect(health.message).not.toContain(new URL(url).password);
  });

  test("leaves a write it did not answer as unknown, and a read to be tried again", async () => {
    namespace = await openedPostgres({ url, config: { pool_size: 1 } });
    await namespace.set("key", "old");
    await using other = await connected(url);
    await other.query("BEGIN; LOCK TABLE prism_keyvalue IN ACCESS EXCLUSIVE MODE");
    const write = failure(namespace.set("key", "new"));
    const read = failure(namespace.get("key"));
    await untilLocked(other, 1);

    await postgres.kill9();
    const failures = await Promise.all([write, read]);
    await postgres.start();

    expect(failures).toMatchObject([
      {
        code: Code.UNAVAILABLE,
        message: expect.stringContaining("whether the write took place is unknown") as unknown,
      },
      { code: Code.UNAVAILABLE, message: expect.stringContaining("try again") as unknown },
    ]);
  });

  test("holds nobody up when it stops where it stands", async () => {
    namespace = await openedPostgres({ url, config: { statement_timeout_ms: 100 } });
    const target = namespace;
    await namespace.set("key", "value");

    postgres.freeze();
    const health = await namespace.check(new TimeLimit(100).signal);
    const read = await failure(namespace.get("key"));
    postgres.thaw();
    await until("it to be back", async () => (await target.get("key")) === "value");

    expect(health.message).toContain("does not answer");
    expect(read.code).toBe(Code.UNAVAILABLE);
  });

  test("is still served from when it ends some of the connections", async () => {
    namespace = await openedPostgres({ url });
    const load = new WriteLoad(namespace);
    await until("the first writes", () => load.acknowledged.length > 200);
    await using other = await connected(url);

    await other.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prism'",
    );
    const before = load.acknowledged.length;
    await until("writes again", () => load.acknowledged.length > before + 200);
    await load.stop();

    expect(new Set(load.failures.map(({ code }) => code))).toEqual(new Set([Code.UNAVAILABLE]));
    expect(await missing(load.acknowledged)).toEqual([]);
  });
});

describe("a PostgreSQL server at its limits", () => {
  test("ends a statement that takes too long, which then has changed nothing", async () => {
    namespace = await openedPostgres({ url, config: { statement_timeout_ms: 200 } });
    await namespace.set("key", "old");
    await using other = await connected(url);
    await other.query("BEGIN; UPDATE prism_keyvalue SET value = value");

    const write = await failure(namespace.set("key", "new"));
    await other.query("ROLLBACK");

    expect(write).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(await namespace.get("key")).toBe("old");
  });

  test("serves over the connections it gives when it gives fewer than may be", async () => {
    await using owner = await connected(url);
    await owner.query(
      "CREATE ROLE narrow LOGIN PASSWORD 'pw' CONNECTION LIMIT 2; GRANT ALL ON SCHEMA public TO narrow",
    );
    namespace = await openedPostgres({ url, credentials: { username: "narrow", password: "pw" } });

    const load = new WriteLoad(namespace);
    await until("writes", () => load.acknowledged.length > 500);
    await load.stop();

    expect(load.failures).toEqual([]);
    expect(namespace.logged.join()).toContain("no connection left");
  });

  test("tells a write that it takes none, and goes on with reads", async () => {
    namespace = await openedPostgres({ url });
    await namespace.set("key", "value");
    await using owner = await connected(url);
    await owner.query(
      `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`,
    );
    await owner.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prism'",
    );
    const target = namespace;
    await until("it to be back", async () => (await target.get("key")) === "value");

    const write = await failure(namespace.set("key", "new"));

    expect(write).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining("primary") as unknown,
    });
  });

  test("tells that the table is gone, and what makes it again", async () => {
    namespace = await openedPostgres({ url });
    await using owner = await connected(url);
    await owner.query("DROP TABLE prism_keyvalue");

    const read = await failure(namespace.get("key"));

    expect(read).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining("reload") as unknown,
    });
  });
});

describe("calls that wait for PostgreSQL", () => {
  /** Statements that are sent over one connection at once, and that wait behind them. */
  const [sent, waiting] = [64, 4096];

  test("are not sent once their caller has left", async () => {
    namespace = await openedPostgres({ url, config: { pool_size: 1 } });
    const target = namespace;
    await using other = await connected(url);
    await other.query("BEGIN; LOCK TABLE prism_keyvalue IN ACCESS EXCLUSIVE MODE");
    const writes = Array.from({ length: sent }, (_, i) => target.set(`sent-${i}`, "value"));
    const caller = new AbortController();
    const late = failure(namespace.set("late", "value", { signal: caller.signal }));

    caller.abort();
    await other.query("ROLLBACK");
    await Promise.all(writes);

    expect(await late).toMatchObject({ code: Code.CANCELLED });
    expect(await namespace.get("late")).toBeUndefined();
  });

  test("are refused when there are too many of them", async () => {
    namespace = await openedPostgres({ url, config: { pool_size: 1 } });
    const target = namespace;
    await using other = await connected(url);
    await other.query("BEGIN; LOCK TABLE prism_keyvalue IN ACCESS EXCLUSIVE MODE");
    const reads = Array.from({ length: sent + waiting }, () => target.get("key"));

    const refused = await failure(namespace.get("key"));
    await other.query("ROLLBACK");
    await Promise.all(reads);

    expect(refused).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });
});

/** Waits until so many statements wait for a lock. */
async function untilLocked(client: Awaited<ReturnType<typeof connected>>, count: number): Promise<void> {
  await until("a statement to wait for the lock", async () => {
    const { rowCount } = await client.query("SELECT 1 FROM pg_locks WHERE NOT granted");
    return (rowCount ?? 0) >= count;
  });
}
