import { expect, test } from "vitest";
import { Store } from "../../../src/plugins/memory/store.js";
import { Code } from "../../../src/sdk/index.js";

const item = (bytes: number, expiresAt?: number) => ({ value: Buffer.alloc(bytes), expiresAt });
const full: unknown = expect.objectContaining({
  code: Code.RESOURCE_EXHAUSTED,
  message: expect.stringContaining("1000 bytes") as unknown,
});

test("refuses what does not fit, names the bound, and changes nothing", () => {
  const store = new Store(1000, () => 0);
  store.set("a", item(500));

  expect(() => store.set("b", item(500))).toThrow(full);
  expect(() =>
    store.setAll(
      new Map([
        ["c", item(100)],
        ["d", item(300)],
      ]),
    ),
  ).toThrow(full);
  expect(() => store.set("a", item(990))).toThrow(full);

  expect([...store.scan("", "")].map(([key, { value }]) => [key, value.length])).toEqual([["a", 500]]);
  store.set("a", item(800));
  expect(store.bytes).toBeLessThanOrEqual(1000);
});

test("makes room of what has expired before it refuses", () => {
  let now = 0;
  const store = new Store(1000, () => now);
  store.set("mortal", item(700, 10));

  now = 10;
  store.set("new", item(700));

  expect(store.size).toBe(1);
});

test("gives back every byte that it took", () => {
  let now = 0;
  const store = new Store(1_000_000, () => now);
  for (let i = 0; i < 1000; i++) store.set(`key ${i % 300}`, item(i, i % 2 === 0 ? 5 : undefined));

  now = 5;
  while (store.sweep(100));
  for (let i = 0; i < 300; i++) store.delete(`key ${i}`);

  expect([store.size, store.bytes]).toEqual([0, 0]);
});

test("a write that does not fit asks no key that lives on whether it has expired", () => {
  let asked = 0;
  const store = new Store(1_000_000, () => (asked++, 0));
  for (let i = 0; i < 5000; i++) store.set(`key ${i}`, item(10, 1));

  asked = 0;
  for (let i = 0; i < 100; i++) expect(() => store.set("large", item(999_999))).toThrow("is full");
  while (store.sweep(100));

  expect(asked).toBeLessThanOrEqual(101);
});

test("frees no more at once than it is told, and no more for a write than that takes", () => {
  let now = 0;
  const store = new Store(100_000, () => now);
  for (let i = 0; i < 500; i++) store.set(`key ${i}`, item(10, 1));

  now = 1;
  expect(store.sweep(100)).toBe(true);
  expect(store.size).toBe(400);
  store.set("large", item(99_000 - store.bytes));
  expect(store.size).toBe(401);
  store.set("larger", item(10_000));
  expect(store.size).toBeGreaterThan(300);
});

test("a key that is overwritten, deleted or told to live on leaves nothing that would end it", () => {
  let now = 0;
  const store = new Store(1_000_000, () => now);
  for (let i = 0; i < 1000; i++) store.set("again", item(10, 5 + i));
  store.set("kept", item(10, 5));
  store.set("kept", item(10));
  store.set("deleted", item(10, 5));
  store.delete("deleted");
  store.set("deleted", item(10));

  now = 5;
  expect(store.sweep(10)).toBe(false);

  expect([...store.scan("", "")].map(([key]) => key)).toEqual(["again", "deleted", "kept"]);
});
