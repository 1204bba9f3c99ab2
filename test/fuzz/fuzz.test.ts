import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { keptInputs } from "./kept-inputs.js";
import { targets } from "./targets/index.js";

/** Tried by everyone, and one that nobody has tried: it is told where it fails. */
const fixedSeed = 20_260_101;
const freshSeed = Math.floor(Math.random() * 2 ** 31);

describe.each(targets)("whatever comes, $name keeps its promises", (target) => {
  test.each([
    ["the inputs that once failed, and a fixed seed's", fixedSeed],
    ["a fresh seed's inputs", freshSeed],
  ])("by %s", async (_whose, seed) => {
    const { failure } = await target.run({ seed, runs: target.testRuns, kept: keptInputs(target.name) });

    expect(failure).toBeUndefined();
  });
});

test("every kept input belongs to a target", () => {
  const names = targets.map(({ name }) => `${name}.json`);

  const kept = readdirSync(new URL("kept", import.meta.url));

  expect(kept.filter((file) => !names.includes(file))).toEqual([]);
});
