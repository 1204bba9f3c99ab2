import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { after, StreamEvent, StreamState, Verdict } from "../../src/wire/stream-state.js";
import { codeIn, tableRows } from "./table-rows.js";

const page = readFileSync(new URL("../../docs/wire.md", import.meta.url), "utf8");
const rows = tableRows(page);

test("docs/wire.md says of every file of src/wire what it answers, and of no other", () => {
  const files = readdirSync(new URL("../../src/wire", import.meta.url), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".ts"));

  const told = rows.flatMap(([cell = ""]) => [...cell.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file));

  expect(told.toSorted()).toEqual(files.toSorted());
});

test("its table of a stream's life is the code's", () => {
  const names = new Map<number, string>(
    [...Object.entries(StreamState), ...Object.entries(Verdict)].map(([name, number]) => [number, name]),
  );
  const inCode = Object.entries(StreamState).map(([name, state]) => [
    name,
    ...Object.values(StreamEvent).map((event) => names.get(after(state, event))),
  ]);

  const told = rows.filter(([cell]) => (codeIn(cell) ?? "") in StreamState);

  expect(told.map(([state, ...cells]) => [codeIn(state), ...cells])).toEqual(inCode);
  expect(page).toContain(
    `| state | ${Object.keys(StreamEvent)
      .map((event) => `\`${event}\``)
      .join(" | ")} |`,
  );
});

test("its diagram and its prose name files that there are", () => {
  const files = readdirSync(new URL("../../src/wire", import.meta.url), { recursive: true }).map(String);
  const named = [...page.matchAll(/\[(hpack\/[a-z]+|[a-z0-9]+-[a-z-]+)\]/g)].map(([, name]) => `${name}.ts`);

  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !files.includes(name))).toEqual([]);
});
