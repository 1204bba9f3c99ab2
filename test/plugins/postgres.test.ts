import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Databases, startPostgres } from "../servers/postgres.js";
import { until } from "../support/running-prism.js";
import { connected, openedPostgres } from "./opened-postgres.js";

let postgres: Databases;
let url: string;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
});

describe("keys and values on PostgreSQL", () => {
  test("no swap is lost among callers of several instances", async () => {
    await using one = await openedPostgres({ url });
    await using other = await openedPostgres({ url });
    const addOne = async (instance: typeof one): Promise<void> => {
      for (;;) {
        const now = await instance.get("n");
        const { swapped } = await instance.compareAndSet("n", now, String(Number(now ?? 0) + 1));
        if (swapped) return;
      }
    };

    await Promise.all(Array.from({ length: 100 }, (_, i) => addOne(i % 2 === 0 ? one : other)));

    expect(await one.get("n")).toBe("100");
  });

  test("a swap that does not take place always tells what was in its way", async () => {
    await using one = await openedPostgres({ url });
    await using other = await openedPostgres({ url });
    const rounds = Array.from({ length: 50 }, (_, i) => `key-${i}`);

    const outcomes = await Promise.all(
      rounds.flatMap((key) => [one, other].map((instance) => instance.compareAndSet(key, undefined, "mine"))),
    );

    expect(outcomes.filter(({ swapped }) => swapped).length).toBe(50);
    for (const { swapped, current } of outcomes) expect(swapped || current !== undefined).toBe(true);
  });

  test("writes of many keys that overlap do not lock each other out", async () => {
    await using one = await openedPostgres({ url });
    await using other = await openedPostgres({ url });
    const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`);
    const values = (order: readonly string[]) => Object.fromEntries(order.map((key) => [key, "value"]));

    const writes = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? one.mset(values(keys)) : other.mset(values([...keys].reverse())),
    );

    await expect(Promise.all(writes)).resolves.toHaveLength(20);
  });

  test("a value larger than a page does not end the listing", async () => {
    await using namespace = await openedPostgres({ url });
    await namespace.set("a", Buffer.alloc(5 * 1024 * 1024));
    await namespace.set("b", "small");
    await namespace.set("c", Buffer.alloc(5 * 1024 * 1024));

    const listed: string[] = [];
    for (let pageToken = "", more = true; more; more = pageToken !== "") {
      const page = await namespace.scan({ withValues: true, pageToken });
      listed.push(...page.entries.map(({ key }) => key));
      pageToken = page.nextPageToken;
    }

    expect(listed).toEqual(["a", "b", "c"]);
  });

  test("expired keys are swept out of the table, and only the namespace's own", async () => {
    await using sweeping = await openedPostgres({
      url,
      namespace: "sweeping",
      config: { sweep_interval_ms: 10 },
    });
    await using waiting = await openedPostgres({ url, namespace: "waiting" });
    await using owner = await connected(url);
    for (const namespace of [sweeping, waiting]) {
      await namespace.set("mortal", "value", { ttlMs: 1n });
      await namespace.set("immortal", "value");
    }

    await until("the key to be swept out", async () => {
      const { rows } = await owner.query<{ key: string }>(
        "SELECT key FROM prism_keyvalue WHERE namespace = 'sweeping'",
      );
      return rows.length === 1 && rows[0]?.key === "immortal";
    });

    const { rowCount } = await owner.query("SELECT FROM prism_keyvalue WHERE namespace = 'waiting'");
    expect(rowCount).toBe(2);
  });

  test("connections come with the load and go when nobody needs them", async () => {
    await using namespace = await openedPostgres({ url, config: { pool_size: 4, idle_timeout: 1 } });
    await using owner = await connected(url);
    const connections = async (): Promise<number> => {
      const { rowCount } = await owner.query("SELECT FROM pg_stat_activity WHERE application_name = 'prism'");
      return rowCount ?? 0;
    };

    await until("four connections", async () => {
      await Promise.all(Array.from({ length: 64 }, (_, i) => namespace.set(`key-${i}`, "value")));
      return (await connections()) === 4;
    });

    await until("one connection", async () => (await connections()) === 1);
    expect((await namespace.check()).counters).toMatchObject({ connectionsActive: 0, connectionsIdle: 1 });
  });
});
