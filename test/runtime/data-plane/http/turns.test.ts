import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "../../../../src/runtime/data-plane/http/turns.js";

/** Work that takes longer than a turn has for all. */
function toil(): void {
  const until = performance.now() + 15;
  while (performance.now() < until);
}

test("work that takes long runs a piece a turn, in the order it came, and others' work comes between", async () => {
  const turns = new Turns();
  const events: string[] = [];
  const piece = (name: string) => turns.run(() => (toil(), events.push(name)));

  const all = Promise.all([piece("a"), piece("b"), piece("c")]);
  void turn().then(() => events.push("another's"));
  await all;

  expect(events.indexOf("another's")).toBeLessThan(events.indexOf("c"));
  expect(events.filter((name) => name.length === 1)).toEqual(["a", "b", "c"]);
});

test("short work runs at once", () => {
  const turns = new Turns();

  expect(turns.run(() => 7)).toBe(7);
  expect(turns.run(() => 8)).toBe(8);
});

test("work that fails fails who brought it, and the others go on", async () => {
  const turns = new Turns();
  void turns.run(toil);

  const failed = turns.run(() => {
    throw new RangeError("no");
  });
  const next = turns.run(() => "next");

  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("next");
});
