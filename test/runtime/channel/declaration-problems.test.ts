import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { InitializeResponseSchema } from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { problemOfDeclaration } from "../../../src/runtime/channel/declaration-problems.js";

function problemOf(fields: MessageInitShape<typeof InitializeResponseSchema>): string | undefined {
  return problemOfDeclaration(create(InitializeResponseSchema, fields));
}

/** So many names, each with so many bytes. */
function names(count: number, bytes: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`.padEnd(bytes, "x"));
}

describe("what a plugin tells of itself is taken up to", () => {
  test("1024 operations, whether or not it promises something of them", () => {
    expect(problemOf({ supportedOperations: names(1_024, 6) })).toBeUndefined();
    expect(problemOf({ supportedOperations: names(300_000, 6) })).toContain(
      "declares 300000 operations, and at most 1024",
    );
    expect(problemOf({ operations: names(1_025, 6).map((name) => ({ name })) })).toContain("1025 operations");
  });

  test("255 bytes of a name, and not characters", () => {
    expect(problemOf({ supportedOperations: names(1, 255) })).toBeUndefined();
    expect(problemOf({ supportedOperations: ["é".repeat(200)] })).toContain("of 400 bytes");
    expect(problemOf({ operations: [{ name: "get", pattern: "x".repeat(256) }] })).toContain("of 256 bytes");
  });

  test("64 KiB of names together", () => {
    expect(problemOf({ supportedOperations: names(256, 255) })).toBeUndefined();
    expect(problemOf({ supportedOperations: names(300, 255) })).toContain("76500 bytes, and at most 65536");
  });

  test("255 bytes of a version", () => {
    expect(problemOf({ pluginVersion: "1".repeat(255) })).toBeUndefined();
    expect(problemOf({ pluginVersion: "1".repeat(3_000_000) })).toContain("a version of 3000000 bytes");
  });

  test("256 places of secrets, of 255 bytes each", () => {
    expect(problemOf({ secretConfig: names(256, 255) })).toBeUndefined();
    expect(problemOf({ secretConfig: names(257, 6) })).toContain("257 places of secrets");
    expect(problemOf({ secretConfig: names(1, 256) })).toContain("of 256 bytes");
  });

  test("what is taken of services", () => {
    expect(problemOf({ services: names(257, 6) })).toContain("declares 257 services");
  });
});
