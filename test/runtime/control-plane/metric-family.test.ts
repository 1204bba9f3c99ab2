import { expect, test } from "vitest";
import { exposeFamily, lineOf } from "../../../src/runtime/control-plane/metric-family.js";

test("a metric is written with its help, its type and a line for each of its rows", async () => {
  const rows = Array.from({ length: 1_000 }, (_, row) => String(row));

  const page = await exposeFamily<string>({
    ...{ name: "prism_rows", help: "Rows.", type: "counter", rows },
    linesOf: (row) => [lineOf("prism_rows", { row }, 1)],
  });

  const lines = rows.map((row) => `prism_rows{row="${row}"} 1\n`).join("");
  expect(page.toString()).toBe(`# HELP prism_rows Rows.\n# TYPE prism_rows counter\n${lines}`);
});

test("a metric whose rows take long to write leaves turns of the event loop to others", async () => {
  let turns = 0;
  let isOver = false;
  const others = (): void => {
    turns++;
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  const workFor = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end;);
  };

  await exposeFamily<number>({
    ...{ name: "prism_rows", help: "Rows.", type: "counter", rows: [1, 2, 3, 4, 5] },
    linesOf: () => {
      workFor(11);
      return [];
    },
  });
  isOver = true;

  expect(turns).toBeGreaterThanOrEqual(4);
});
