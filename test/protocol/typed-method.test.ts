import { describe, expect, test } from "vitest";
import { typedMethods, typedOperations, typeUrlOf } from "../../src/protocol/index.js";

describe("the typed methods", () => {
  test("of KeyValue are the ten operations, by the names that plugins see", () => {
    const operations = [...typedOperations.keys()].sort();

    expect(operations).toEqual([
      "compare_and_set",
      "delete",
      "exists",
      "expire",
      "get",
      "increment",
      "mget",
      "mset",
      "scan",
      "set",
    ]);
  });

  test("are found by their path", () => {
    const method = typedMethods.get("/prism.keyvalue.v1.KeyValue/CompareAndSet");

    expect(method?.operation).toBe("compare_and_set");
    expect(method && typeUrlOf(method.input)).toBe(
      "type.googleapis.com/prism.keyvalue.v1.CompareAndSetRequest",
    );
  });
});
