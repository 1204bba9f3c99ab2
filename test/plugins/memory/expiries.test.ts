import { expect, test } from "vitest";
import { Expiries, nowhere } from "../../../src/plugins/memory/expiries.js";

/** Ends at a time, and counts how often it was looked at. */
class Ending {
  static looks = 0;
  place = nowhere;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  get expiresAt(): number {
    Ending.looks++;
    return this.#at;
  }
}

test("gives what has ended in the order of its end, and nothing that was taken out or lives on", () => {
  const expiries = new Expiries<Ending>();
  const all = Array.from({ length: 500 }, (_, i) => new Ending((i * 7919) % 500));
  all.forEach((one) => expiries.add(one));
  all.filter((_, i) => i % 3 === 0).forEach((one) => expiries.delete(one));

  const ended: number[] = [];
  for (let first = expiries.firstEnded(400); first; first = expiries.firstEnded(400)) {
    ended.push(first.expiresAt);
    expiries.delete(first);
  }

  const expected = all.filter((one, i) => i % 3 !== 0 && one.expiresAt <= 400).map((one) => one.expiresAt);
  expect(ended).toEqual(expected.sort((one, other) => one - other));
  expect(expiries.size).toBe(all.filter((one, i) => i % 3 !== 0 && one.expiresAt > 400).length);
});

test("looks at one of 100,000 where none has ended, and where ten have at a few hundred", () => {
  const expiries = new Expiries<Ending>();
  for (let i = 0; i < 100_000; i++) expiries.add(new Ending(i));

  Ending.looks = 0;
  expect(expiries.firstEnded(-1)).toBeUndefined();
  expect(Ending.looks).toBe(1);

  for (let first = expiries.firstEnded(9); first; first = expiries.firstEnded(9)) expiries.delete(first);
  expect(Ending.looks).toBeLessThan(1000);
});
