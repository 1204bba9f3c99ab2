import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { codeName, type ErrorKind, PrismError, statusOf } from "../../src/protocol/errors.js";
import { httpStatusOf } from "../../src/protocol/http-status.js";
import { tableRows } from "./table-rows.js";

const answering = ["data-plane/entrance/cors", "data-plane/http", "control-plane/admin"];
const heads = new URL("../../src/wire/http1-head.ts", import.meta.url);
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

test("docs/errors.md tells every HTTP status that is answered without a table", async () => {
  const files = [heads, ...(await Promise.all(answering.map(filesIn))).flat()];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));

  const answered = new Set(texts.flatMap((text) => text.match(/(?<![\w.])[45]\d\d(?![\w.])/g) ?? []));
  const told = tableRows(await readFile(page, "utf8")).map(([status = ""]) => status);

  expect(told.filter((status) => /^\d+$/.test(status))).toEqual([...answered].toSorted());
});

async function filesIn(folder: string): Promise<URL[]> {
  const url = new URL(`../../src/runtime/${folder}/`, import.meta.url);
  const names = await readdir(url, { recursive: true });
  return names.filter((name) => name.endsWith(".ts")).map((name) => new URL(name, url));
}

function rowOf(kind: ErrorKind): string[] {
  const { reason, code } = new PrismError(kind, "");
  if (kind === "operationFailed") return [kind, reason, "the plugin's choice", "the code's"];
  return [kind, reason, codeName(code), String(httpStatusOf(code))];
}
