import { expect, test } from "vitest";
import { Code } from "../../../src/protocol/index.js";
import type { OpenKeyValue } from "./open-key-value.js";
import { refused } from "./refused.js";

/** When keys end. */
export function describeTimeToLive(open: OpenKeyValue): void {
  test("ends a key when its time has come, in every operation", async () => {
    const kv = await open();
    await kv.set("set", "1", 60_000n);
    await kv.mset([{ key: "mset", value: "2", ttlMs: 60_000n }]);
    await kv.compareAndSet("cas", undefined, "3", 60_000n);
    await kv.set("stays", "4");

    await kv.pass(40_000);
    expect(await kv.keys()).toEqual(["cas", "mset", "set", "stays"]);
    await kv.pass(25_000);

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
    await kv.set("key", "1", 60_000n);

    await kv.set("key", "2");
    await kv.pass(120_000);

    expect(await kv.text("key")).toBe("2");
  });

  test("expire sets a time to live, and with 0 removes it", async () => {
    const kv = await open();
    await kv.set("shortened", "1");
    await kv.set("freed", "2", 60_000n);

    expect(await kv.expire("shortened", 30_000n)).toBe(true);
    expect(await kv.expire("freed", 0n)).toBe(true);
    expect(await kv.expire("nothing", 30_000n)).toBe(false);
    await kv.pass(120_000);

    expect(await kv.keys()).toEqual(["freed"]);
  });

  test("an increment leaves the time to live as it is, and begins again at 0 when it has ended", async () => {
    const kv = await open();
    await kv.set("n", "5", 60_000n);

    expect(await kv.increment("n")).toBe(6n);
    await kv.pass(120_000);

    expect(await kv.increment("n")).toBe(1n);
    await kv.pass(120_000);
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
