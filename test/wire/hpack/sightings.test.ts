import { expect, test } from "vitest";
import { Sightings } from "../../../src/wire/hpack/sightings.js";

test("a text has been seen when it comes again, under the same seed", () => {
  const seen = new Sightings();

  expect(seen.has("one", 1)).toBe(false);
  expect(seen.has("one", 2)).toBe(false);
  expect(seen.has("one", 1)).toBe(true);
});

test("a few are remembered all, however their hashes lie", () => {
  const seen = new Sightings();
  const texts = Array.from({ length: 16 }, (_, i) => `text-${i}`);

  for (const text of texts) seen.has(text, 0);

  expect(texts.every((text) => seen.has(text, 0))).toBe(true);
});

test("of many most are remembered that came lately, and none that came long ago", () => {
  const seen = new Sightings();
  for (let i = 0; i < 5000; i++) seen.has(`text-${i}`, 0);

  const lately = Array.from({ length: 64 }, (_, i) => seen.has(`text-${4999 - i}`, 0));
  const longAgo = Array.from({ length: 64 }, (_, i) => seen.has(`text-${i}`, 0));

  expect(lately.filter(Boolean).length).toBeGreaterThan(50);
  expect(longAgo.filter(Boolean)).toEqual([]);
});
