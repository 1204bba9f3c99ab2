import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Code } from "../../../src/protocol/index.js";
import type { OpenKeyValue } from "./open-key-value.js";
import { refused } from "./refused.js";

/** Which keys are taken, and how others are refused. */
export function describeKeys(open: OpenKeyValue): void {
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

/** How keys are listed. */
export function describeScan(open: OpenKeyValue): void {
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
  });

  test("goes on from the token of a page of the same scan, and refuses what is none", async () => {
    const kv = await open();
    await kv.mset(["ka", "kb", "kc", "l"].map((key) => ({ key, value: "" })));
    const { nextPageToken: token } = await kv.scan({ limit: 1, prefix: "k" });
    const noTokens = ["nonsense", "ka", "\0", "x".repeat(1025), "x".repeat(100_000)];
    const misspelt = [
      ` ${token}`,
      `${token}=`,
      `${token}A`,
      token.slice(0, -1),
      token.slice(1),
      `AAAAAA${token.slice(6)}`,
    ];

    expect((await kv.scan({ prefix: "k", pageToken: token })).entries.map(({ key }) => key)).toEqual([
      "kb",
      "kc",
    ]);
    for (const pageToken of [...noTokens, ...misspelt]) {
      const asked = kv.scan({ prefix: "k", pageToken });
      await expect(asked, pageToken).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "page token"));
    }
    const elsewhere = kv.scan({ prefix: "l", pageToken: token });
    await expect(elsewhere).rejects.toEqual(refused(Code.INVALID_ARGUMENT, "page token"));
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
