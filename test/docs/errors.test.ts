import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { codeName, type ErrorKind, PrismError, statusOf } from "../../src/protocol/errors.js";
import { httpStatusOf } from "../../src/protocol/http-status.js";

const page = new URL("../../docs/errors.md", import.meta.url);

test("docs/errors.md tells of every kind its reason, its gRPC status and its HTTP status, and of no other", async () => {
  const rows = (await readFile(page, "utf8")).split("\n").filter((line) => line.startsWith("| `"));

  const told = rows.map((row) =>
    row
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", ""))
      .slice(1, 5),
  );

  const kinds = Object.keys(statusOf) as ErrorKind[];
  expect(told).toEqual(kinds.map(rowOf));
});

function rowOf(kind: ErrorKind): string[] {
  const { reason, code } = new PrismError(kind, "");
  if (kind === "operationFailed") return [kind, reason, "the plugin's choice", "the code's"];
  return [kind, reason, codeName(code), String(httpStatusOf(code))];
}
