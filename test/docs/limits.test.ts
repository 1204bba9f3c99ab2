import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limitNames } from "../../src/wire/refusal.js";
import { ErrorCode } from "../../src/wire/error-code.js";
import { schemaKeys } from "./configuration-keys.js";
import { tableRows } from "./table-rows.js";

const page = readFileSync(new URL("../../docs/limits.md", import.meta.url), "utf8");
const rows = tableRows(page).filter((cells) => cells.length === 4);
const keys = schemaKeys().flatMap(({ key }) => /^server\.limits\.(.*)$/.exec(key)?.[1] ?? []);
const reasons = codesIn(3);

test("docs/limits.md has a place for every key of server.limits, and names no other", () => {
  expect([...new Set(codesIn(2))].toSorted()).toEqual(keys.toSorted());
});

test("it tells every limit that the wire counts refusals by", () => {
  expect(limitNames.filter((name) => !reasons.includes(name))).toEqual([]);
});

test("each reason that it tells is a key of server.limits or of server, or an error code of HTTP/2", () => {
  const codes = Object.keys(ErrorCode).map((name) => name.toLowerCase());
  const sections = schemaKeys().map(({ key }) => key.split(".")[1] ?? "");

  expect(reasons.filter((reason) => ![...keys, ...codes, ...sections, "server"].includes(reason))).toEqual(
    [],
  );
});

/** What stands between backticks in one column. */
function codesIn(column: number): string[] {
  return rows.flatMap((cells) =>
    [...(cells[column] ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code),
  );
}
