import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Code } from "../../../src/protocol/index.js";
import type { OpenKeyValue } from "./open-key-value.js";
import { refused } from "./refused.js";

/** What is written is what is read, in this namespace and in no other. */
export function describeValues(open: OpenKeyValue): void {
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
