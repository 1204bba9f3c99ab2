import { expect, test } from "vitest";
import { Code } from "../../../src/protocol/index.js";
import type { OpenKeyValue } from "./open-key-value.js";
import { refused } from "./refused.js";

/** How numbers are added to. */
export function describeNumbers(open: OpenKeyValue): void {
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

/** How values are swapped, and how operations that run at once stay apart. */
export function describeConditions(open: OpenKeyValue): void {
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
