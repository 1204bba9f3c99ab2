import { expect, test } from "vitest";
import { Writes } from "../../bench/soak/writes.js";

test("a value is lost that is older than what was acknowledged before the read began", () => {
  const writes = new Writes();
  writes.acknowledge("key", writes.next("key"));
  writes.acknowledge("key", writes.next("key"));
  const failed = writes.next("key");

  const floor = writes.floor("key");
  for (const found of [floor, failed]) writes.check("key", found, floor);
  expect(writes.losses).toEqual([]);

  for (const found of [undefined, 1, failed + 1]) writes.check("key", found, floor);
  expect(writes.losses.map(({ found }) => found)).toEqual([undefined, 1, failed + 1]);
});
