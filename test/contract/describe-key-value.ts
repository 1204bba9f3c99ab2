import { randomBytes } from "node:crypto";
import type { JsonObject } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Code } from "../../src/protocol/index.js";
import { KeyValueClient } from "./support/key-value-client.js";
import { type LaunchedPlugin, launchPlugin } from "./support/launched-plugin.js";

/** A plugin that serves the KeyValue pattern. */
export interface KeyValuePlugin {
  /** The plugin's module, from the repository's root. */
  readonly module: string;
  /** A namespace's config. Every namespace gets the same, so that they share what can be shared. */
  readonly config: () => JsonObject;
  readonly credentials?: () => Record<string, string>;
  /** Lets time pass for what a namespace stored, where the backend and not the plugin tells the time. */
  readonly pass?: (namespace: string, ms: number) => Promise<void>;
}

/** Holds a plugin to every promise of keyvalue.proto, served as a real process. Its time is moved, not waited for. */
export function describeKeyValue(name: string, plugin: KeyValuePlugin): void {
  describe(`${name} keeps the KeyValue pattern`, () => {
    let launched: LaunchedPlugin;
    let count = 0;

    beforeAll(async () => {
      const env = { TEST_PLUGIN: plugin.module };
      launched = await launchPlugin({
        module: "test/contract/support/movable-clock.ts",
        home: "process",
        env,
      });
    });
    afterAll(() => launched[Symbol.asyncDispose]());

    /** A namespace of its own, on the backend that all of them share. */
    async function open(): Promise<KeyValueClient> {
      const namespace = `t${process.pid}-${++count}`;
      const credentials = plugin.credentials?.() ?? {};
      const opened = await launched.client.initialize(namespace, plugin.config(), { credentials });
      expect(opened).toMatchObject({ success: true, error: "" });
      return new KeyValueClient(launched.client, namespace, plugin.pass);
    }

    describeValues(open);
    describeKeys(open);
    describeScan(open);
    describeTimeToLive(open);
    describeNumbers(open);
    describeConditions(open);
  });
}

type Open = () => Promise<KeyValueClient>;

function refused(code: number, says: string): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(says) as unknown });
}

function describeValues(open: Open): void {
  test("reads what was written, whatever the bytes", async () => {
    const kv = await open();
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);

    await kv.set("bytes", every);
    await kv.set("text", "Grüße, 世界");

    expect(Buffer.from((await kv.get("bytes")) ?? [])).toEqual(Buffer.from(every));
    expect(await kv.text("text")).toBe("Grüße, 世界");
  });

  test("finds an empty value, and does not find what is not there", async () => {
    const kv = await open();

    await kv.set("empty", "");

    expect(await kv.text("empty")).toBe("");
    expect(await kv.exists("empty")).toBe(true);
    expect(await kv.get("nothing")).toBeUndefined();
    expect(await kv.exists("nothing")).toBe(false);
  });

  test("carries values of several MiB", async () => {
    const kv = await open();
    const large = randomBytes(5 * 1024 * 1024 + 3);

    await kv.set("large", large);

    expect(Buffer.from((await kv.get("large")) ?? []).equals(large)).toBe(true);
  });

  test("deletes what is there, and succeeds where nothing is", async () => {
    const kv = await open();
    await kv.set("key", "value");

    expect(await kv.delete("key")).toBe(true);
    expect(await kv.delete("key")).toBe(false);
    expect(await kv.get("key")).toBeUndefined();
  });

  test("answers mget in the order asked, the same key twice, and what is missing as not found", async () => {
    const kv = await open();
    await kv.mset([
      { key: "a", value: "1" },
      { key: "b", value: "" },
    ]);

    const entries = await kv.mget(["b", "none", "a", "b"]);

    expect(entries.map(({ key, found, value }) => [key, found, Buffer.from(value).toString()])).toEqual([
      ["b", true, ""],
      ["none", false, ""],
      ["a", true, "1"],
      ["b", true, ""],
    ]);
    expect(await kv.mget([])).toEqual([]);
  });

  test("stores every pair of an mset or none; of the same key twice the later one stands", async () => {
    const kv = await open();
    await kv.set("a", "old");

    await kv.mset([
      { key: "a", value: "1" },
      { key: "b", value: "2" },
      { key: "a", value: "3" },
    ]);
    const spoiled = kv.mset([
      { key: "a", value: "spoiled" },
      { key: "", value: "no key" },
    ]);

    await expect(spoiled).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "empty"));
    expect(await kv.text("a")).toBe("3");
    expect(await kv.text("b")).toBe("2");
  });

  test("never shows a namespace another's data, though they share a backend", async () => {
    const one = await open();
    const other = await open();

    await one.set("key", "one's");
    await other.set("key", "other's");
    await other.set("only", "other's");
    await other.delete("key");

    expect(await one.text("key")).toBe("one's");
    expect(await one.get("only")).toBeUndefined();
    expect(await one.keys()).toEqual(["key"]);
    expect(await other.keys()).toEqual(["only"]);
  });
}

function describeKeys(open: Open): void {
  test("takes keys of 1 to 1,024 bytes of UTF-8, any character but NUL", async () => {
    const kv = await open();
    const keys = [
      " ",
      "\n",
      "'; --",
      "%_*?[a]\\",
      "a".repeat(1024),
      "é".repeat(512),
      "𝄞".repeat(256),
      "e\u0301",
      "é",
    ];

    for (const key of keys) await kv.set(key, key);

    for (const key of keys) expect(await kv.text(key)).toBe(key);
    expect((await kv.keys()).length).toBe(keys.length);
  });

  test("refuses an empty key, a longer one and one with a NUL, and says how long it is", async () => {
    const kv = await open();

    await expect(kv.get("")).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "empty"));
    await expect(kv.set("a".repeat(1025), "")).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "1025 bytes"));
    await expect(kv.delete("é".repeat(513))).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "1026 bytes"));
    await expect(kv.exists("a\0b")).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "NUL"));
    await expect(kv.mget(["fine", ""])).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "empty"));
    await expect(kv.increment("")).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "empty"));
    await expect(kv.compareAndSet("", undefined, "")).rejects.toEqual(
      refused(Code.INVALID_ARGUMENT, "empty"),
    );
    await expect(kv.expire("", 0n)).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "empty"));
  });
}

function describeScan(open: Open): void {
  test("lists keys in the order of their bytes", async () => {
    const kv = await open();
    // U+FF5E sorts behind U+1F600 in UTF-16, and before it in UTF-8.
    const keys = ["a", "B", "b", "ab", "a/b", "é", "z", "\uff5e", "😀", "10", "9", " "];
    for (const key of keys) await kv.set(key, "");

    const listed = await kv.keys();

    expect(listed).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  test("takes a prefix literally", async () => {
    const kv = await open();
    const keys = ["a%b", "a%c", "axb", "a_b", "a*b", "a\\b", "A%b", "a\u{10ffff}x", "a\u{10ffff}", "b"];
    for (const key of keys) await kv.set(key, "");

    expect(await kv.keys("a%")).toEqual(["a%b", "a%c"]);
    expect(await kv.keys("a_")).toEqual(["a_b"]);
    expect(await kv.keys("a*")).toEqual(["a*b"]);
    expect(await kv.keys("a\\")).toEqual(["a\\b"]);
    expect(await kv.keys("a\u{10ffff}")).toEqual(["a\u{10ffff}", "a\u{10ffff}x"]);
    expect(await kv.keys("c")).toEqual([]);
    expect(await kv.keys("x".repeat(2000))).toEqual([]);
    expect(await kv.keys("a\0")).toEqual([]);
  });

  test("pages: 100 by default, 1,000 at most, a negative limit refused", async () => {
    const kv = await open();
    const keys = Array.from({ length: 1005 }, (_, i) => `k${String(i).padStart(4, "0")}`);
    await kv.mset(keys.map((key) => ({ key, value: key })));

    expect((await kv.scan()).entries.length).toBe(100);
    expect((await kv.scan({ limit: 5000 })).entries.length).toBe(1000);
    const small = await kv.scan({ limit: 3, prefix: "k100" });
    expect(small.entries.map(({ key }) => key)).toEqual(["k1000", "k1001", "k1002"]);
    const rest = await kv.scan({ limit: 2, prefix: "k100", pageToken: small.nextPageToken });
    expect(rest).toMatchObject({ entries: [{ key: "k1003" }, { key: "k1004" }], nextPageToken: "" });
    expect(await kv.keys()).toEqual(keys);
    await expect(kv.scan({ limit: -1 })).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "-1"));
    await expect(kv.scan({ pageToken: "x".repeat(1025) })).rejects.toEqual(
      refused(Code.INVALID_ARGUMENT, "token"),
    );
  });

  test("carries values where they are asked for, and not where they are not", async () => {
    const kv = await open();
    await kv.set("large", "x".repeat(20_000));
    await kv.set("small", "value");

    const bare = await kv.scan();
    const full = await kv.scan({ withValues: true });

    expect(bare.entries.map(({ found, value }) => [found, value.length])).toEqual([
      [true, 0],
      [true, 0],
    ]);
    expect(full.entries.map(({ value }) => value.length)).toEqual([20_000, 5]);
  });

  test("ends a page of large values early rather than answer more than a client takes", async () => {
    const kv = await open();
    for (let i = 0; i < 6; i++) await kv.set(`k${i}`, randomBytes(1024 * 1024));

    const page = await kv.scan({ withValues: true });
    const all = await kv.scanAll({ withValues: true });

    expect(page.entries.length).toBeLessThan(6);
    expect(all.map(({ key }) => key)).toEqual(["k0", "k1", "k2", "k3", "k4", "k5"]);
  });

  test("lists a key that is there throughout exactly once, whatever is written meanwhile", async () => {
    const kv = await open();
    const stays = Array.from({ length: 50 }, (_, i) => `s${String(i).padStart(2, "0")}`);
    for (const key of stays) await kv.set(key, "");
    let round = 0;

    const listed = await kv.scanAll({ limit: 7 }, async () => {
      round++;
      await kv.set(`a${round}`, "before the page");
      await kv.set(`s${String(round * 7).padStart(2, "0")}x`, "about the page");
      await kv.set(`z${round}`, "behind the page");
      await kv.delete(`z${round - 1}`);
      for (const key of stays) await kv.set(key, `round ${round}`);
    });

    const seen = listed.map(({ key }) => key).filter((key) => stays.includes(key));
    expect(seen).toEqual(stays);
    expect(new Set(listed.map(({ key }) => key)).size).toBe(listed.length);
  });

  test("goes on behind a page's last key though that key has been deleted", async () => {
    const kv = await open();
    for (const key of ["a", "b", "c"]) await kv.set(key, "");

    const first = await kv.scan({ limit: 2 });
    await kv.delete("b");

    const rest = await kv.scan({ limit: 2, pageToken: first.nextPageToken });
    expect(rest.entries.map(({ key }) => key)).toEqual(["c"]);
  });
}

function describeTimeToLive(open: Open): void {
  test("ends a key when its time has come, in every operation", async () => {
    const kv = await open();
    await kv.set("set", "1", 1000n);
    await kv.mset([{ key: "mset", value: "2", ttlMs: 1000n }]);
    await kv.compareAndSet("cas", undefined, "3", 1000n);
    await kv.set("stays", "4");

    await kv.pass(900);
    expect(await kv.keys()).toEqual(["cas", "mset", "set", "stays"]);
    await kv.pass(200);

    expect(await kv.keys()).toEqual(["stays"]);
    expect(await kv.get("set")).toBeUndefined();
    expect(await kv.exists("mset")).toBe(false);
    expect((await kv.mget(["cas"]))[0]?.found).toBe(false);
    expect(await kv.delete("set")).toBe(false);
    expect(await kv.expire("mset", 0n)).toBe(false);
    expect(await kv.compareAndSet("cas", undefined, "again")).toMatchObject({ swapped: true });
  });

  test("a write without a time to live ends an earlier one", async () => {
    const kv = await open();
    await kv.set("key", "1", 1000n);

    await kv.set("key", "2");
    await kv.pass(2000);

    expect(await kv.text("key")).toBe("2");
  });

  test("expire sets a time to live, and with 0 removes it", async () => {
    const kv = await open();
    await kv.set("shortened", "1");
    await kv.set("freed", "2", 1000n);

    expect(await kv.expire("shortened", 500n)).toBe(true);
    expect(await kv.expire("freed", 0n)).toBe(true);
    expect(await kv.expire("nothing", 500n)).toBe(false);
    await kv.pass(2000);

    expect(await kv.keys()).toEqual(["freed"]);
  });

  test("an increment leaves the time to live as it is, and begins again at 0 when it has ended", async () => {
    const kv = await open();
    await kv.set("n", "5", 1000n);

    expect(await kv.increment("n")).toBe(6n);
    await kv.pass(2000);

    expect(await kv.increment("n")).toBe(1n);
    await kv.pass(2000);
    expect(await kv.text("n")).toBe("1");
  });

  test("refuses a negative time to live, and takes the longest there is", async () => {
    const kv = await open();

    await expect(kv.set("key", "", -1n)).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "-1"));
    await expect(kv.mset([{ key: "key", value: "", ttlMs: -1n }])).rejects.toEqual(
      refused(Code.INVALID_ARGUMENT, "-1"),
    );
    await expect(kv.expire("key", -1n)).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "-1"));
    await expect(kv.compareAndSet("key", undefined, "", -1n)).rejects.toEqual(
      refused(Code.INVALID_ARGUMENT, "-1"),
    );
    expect(await kv.exists("key")).toBe(false);

    await kv.set("long", "", 2n ** 63n - 1n);
    await kv.pass(1_000_000);
    expect(await kv.exists("long")).toBe(true);
  });
}

function describeNumbers(open: Open): void {
  test("adds to a number kept as decimal text; one that is not there counts as 0", async () => {
    const kv = await open();
    await kv.set("n", "-5");

    expect(await kv.increment("n", 7n)).toBe(2n);
    expect(await kv.increment("n", -3n)).toBe(-1n);
    expect(await kv.increment("new", 4n)).toBe(4n);

    expect(await kv.text("n")).toBe("-1");
  });

  test("refuses what is no decimal int64 and leaves it as it was", async () => {
    const kv = await open();

    for (const value of ["", "x", "1.5", " 1", "1 ", "+1", "0x1", "9223372036854775808", "1e3", "1\n"]) {
      await kv.set("n", value);
      await expect(kv.increment("n"), JSON.stringify(value)).rejects.toEqual(
        refused(Code.FAILED_PRECONDITION, "int64"),
      );
      expect(await kv.text("n")).toBe(value);
    }
  });

  test("refuses a sum beyond int64 and leaves the number as it was", async () => {
    const kv = await open();
    await kv.set("max", "9223372036854775806");
    await kv.set("min", "-9223372036854775808");

    expect(await kv.increment("max")).toBe(2n ** 63n - 1n);
    await expect(kv.increment("max")).rejects.toEqual(refused(Code.OUT_OF_RANGE, "int64"));
    await expect(kv.increment("min", -1n)).rejects.toEqual(refused(Code.OUT_OF_RANGE, "int64"));

    expect(await kv.text("max")).toBe("9223372036854775807");
    expect(await kv.text("min")).toBe("-9223372036854775808");
  });

  test("loses none of the increments that run at once", async () => {
    const kv = await open();

    const sums = await Promise.all(Array.from({ length: 200 }, () => kv.increment("n")));

    expect(new Set(sums).size).toBe(200);
    expect(await kv.text("n")).toBe("200");
  });
}

function describeConditions(open: Open): void {
  test("swaps only what is expected, and tells what is there", async () => {
    const kv = await open();

    expect(await kv.compareAndSet("key", "old", "new")).toMatchObject({ swapped: false });
    expect(await kv.compareAndSet("key", undefined, "1")).toMatchObject({ swapped: true });
    expect((await kv.compareAndSet("none", "old", "new")).current).toBeUndefined();
    const again = await kv.compareAndSet("key", undefined, "2");
    expect(again).toMatchObject({ swapped: false });
    expect(Buffer.from(again.current ?? []).toString()).toBe("1");
    expect(await kv.compareAndSet("key", "1", "")).toMatchObject({ swapped: true });
    expect((await kv.compareAndSet("key", undefined, "3")).current).toHaveLength(0);
    expect(await kv.compareAndSet("key", "", "3")).toMatchObject({ swapped: true });

    expect(await kv.text("key")).toBe("3");
  });

  test("lets one of many that swap at once win", async () => {
    const kv = await open();

    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => kv.compareAndSet("key", undefined, String(i))),
    );

    const winners = outcomes.flatMap(({ swapped }, i) => (swapped ? [String(i)] : []));
    expect(winners).toEqual([await kv.text("key")]);
  });

  test("keeps operations that run at the same time apart: one's failure touches no other", async () => {
    const kv = await open();
    await kv.set("text", "no number");

    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? kv.increment("text") : kv.set(`k${i}`, String(i)))),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? "rejected" : "fulfilled")),
    );
    expect((await kv.keys("k")).length).toBe(40);
    expect(await kv.text("text")).toBe("no number");
  });
}
