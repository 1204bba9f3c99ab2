import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { figures } from "../../bench/figures/index.js";
import { withFigures } from "../../bench/report/keep.js";
import { inWords, spread } from "../../bench/report/spread.js";

const readme = await readFile(new URL("../../bench/README.md", import.meta.url), "utf8");

test("bench/README.md says of every figure how it is measured", () => {
  const told = [...readme.matchAll(/^\| `([a-z][a-z-]*)` +\|/gm)].map(([, name]) => name);

  expect(told).toEqual(Object.keys(figures));
});

test("a kept run replaces the figures in bench/README.md and nothing else", () => {
  const once = withFigures(readme, "the first");
  const twice = withFigures(once, "the second");

  expect(twice).toBe(once.replace("the first", "the second"));
  expect(() => withFigures("no marks", "figures")).toThrow("has lost its marks");
});

test("a figure is told as its median with its range", () => {
  expect(inWords(spread([3, 1, 2]), 1)).toBe("2.0 (1.0–3.0)");
  expect(spread([1, 2, 3, 6]).median).toBe(2.5);
});
