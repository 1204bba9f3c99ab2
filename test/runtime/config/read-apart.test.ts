import { expect, test } from "vitest";
import type { ReadingBounds } from "../../../src/runtime/config/read-apart.js";
import { ConfigProblems, readDeclarations } from "../../../src/runtime/config/index.js";

const origin = { env: { PATH: "/nowhere/bin" }, cwd: "/srv", plugins: [] };

/** Reads one text, and tells how often the event loop turned meanwhile. */
async function readOne(yaml: string, bounds?: ReadingBounds) {
  let turns = 0;
  let isReading = true;
  const count = (): void => {
    turns += 1;
    if (isReading) setImmediate(count);
  };
  setImmediate(count);
  const [read] = await readDeclarations([{ yaml, source: "orders.yaml" }], origin, bounds);
  isReading = false;
  return { read, turns };
}

test("a text with 20,000 mistakes is read beside the event loop, and the first two hundred are told", async () => {
  const { read, turns } = await readOne(`namespaces:\n${"  - {nme: x}\n".repeat(20_000)}`);

  expect(read).toBeInstanceOf(ConfigProblems);
  const told = read instanceof ConfigProblems ? read.problems : [];
  expect(told).toHaveLength(201);
  expect(told[0]).toMatchObject({ line: 2, path: "namespaces.0.name" });
  expect(turns).toBeGreaterThan(100);
});

test("ten thousand namespaces are read beside the event loop, each with its part of the text", async () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => `  - { name: n${index}, backend: memory }\n`);

  const { read, turns } = await readOne(`namespaces:\n${entries.join("")}`);

  expect(read).toHaveLength(10_000);
  const last = read instanceof ConfigProblems ? undefined : read?.at(-1);
  expect(last?.namespace).toMatchObject({ name: "n9999", backend: "memory", owner: { kind: "applied" } });
  expect(last?.yaml).toContain("name: n9999");
  expect(turns).toBeGreaterThan(100);
});

test.each([
  [{ mostMs: 60_000, mostMiB: 32 }, "32 MiB of memory"],
  [{ mostMs: 50, mostMiB: 512 }, "0.05 s"],
])("a text that costs more to read than %j is one problem, and harms nothing else", async (bounds, told) => {
  const { read } = await readOne(`namespaces: [${"[],".repeat(200_000)}]`, bounds);

  expect(messageOf(read)).toContain(
    `orders.yaml: expected what is read in ${told}, got more; make it smaller`,
  );
});

test("a text beyond 8 MiB is not read, and those beside it are", async () => {
  const texts = [
    { yaml: "#".repeat(8 * 1024 ** 2 + 1), source: "large.yaml" },
    { yaml: "namespaces: [{ name: a, backend: memory }]\n", source: "small.yaml" },
  ];

  const [large, small] = await readDeclarations(texts, origin);

  expect(messageOf(large)).toContain("large.yaml: expected at most 8 MiB, got more");
  expect(small).toHaveLength(1);
});

function messageOf(read: unknown): string {
  return read instanceof Error ? read.message : "no problem";
}
