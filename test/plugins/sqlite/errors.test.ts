import { expect, test } from "vitest";
import { explain } from "../../../src/plugins/sqlite/errors.js";
import { Code, PluginError } from "../../../src/sdk/index.js";

test("tells what SQLite's codes mean and what to do", () => {
  const told = (code: string): unknown => explain(Object.assign(new Error("from SQLite"), { code }));

  expect(told("SQLITE_FULL")).toMatchObject({
    code: Code.RESOURCE_EXHAUSTED,
    message: expect.stringContaining("free space") as unknown,
  });
  expect(told("SQLITE_READONLY_DBMOVED")).toMatchObject({ code: Code.FAILED_PRECONDITION });
  expect(told("SQLITE_CORRUPT_INDEX")).toMatchObject({
    code: Code.DATA_LOSS,
    message: expect.stringContaining("backup") as unknown,
  });
  expect(told("SQLITE_IOERR_FSYNC")).toMatchObject({ code: Code.UNAVAILABLE });
});

test("leaves what it does not know as it is", () => {
  const unknown = new TypeError("a bug");

  expect(explain(unknown)).toBe(unknown);
  expect(explain(unknown)).not.toBeInstanceOf(PluginError);
});
