import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExecuteRequestSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { FieldScanner, metadataEntries } from "../../src/protocol/index.js";

/** Walks bytes in pieces; undefined where they are refused. */
function scan(bytes: Buffer, pieces: readonly number[]): FieldScanner | undefined {
  const scanner = new FieldScanner();
  let at = 0;
  for (const piece of [...pieces, bytes.length]) {
    const to = Math.min(bytes.length, at + piece);
    if (!scanner.push(bytes, at, to)) return undefined;
    at = to;
  }
  return scanner.atBoundary ? scanner : undefined;
}

/** What a plugin understands of a message with something appended; undefined where it does not parse. */
function principalBehind(message: Buffer): string | undefined {
  try {
    const all = Buffer.concat([message, metadataEntries({ "prism-principal": "ann" })]);
    return fromBinary(ExecuteRequestSchema, all).metadata["prism-principal"];
  } catch {
    return undefined;
  }
}

const requests = fc.record({
  operation: fc.string({ maxLength: 40 }),
  rawParams: fc.uint8Array({ maxLength: 300 }),
  metadata: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 3 }),
});
const cuts = fc.array(fc.nat(20), { maxLength: 20 });

describe("the walk over an ExecuteRequest's fields", () => {
  test("takes every request, however it is cut, and finds its operation", () => {
    fc.assert(
      fc.property(requests, cuts, ({ operation, rawParams, metadata }, pieces) => {
        const request = create(ExecuteRequestSchema, {
          operation,
          metadata,
          params: { case: "rawParams", value: rawParams },
        });

        const scanner = scan(Buffer.from(toBinary(ExecuteRequestSchema, request)), pieces);

        expect(scanner?.operation).toBe(Buffer.from(operation).toString("latin1"));
      }),
    );
  });

  test("lets nothing by behind which what is appended would not be read", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.array(fc.constantFrom(8, 10, 26, 34, 1, 2, 128, 0), { maxLength: 12 }),
    );
    fc.assert(
      fc.property(bytes, cuts, (some, pieces) => {
        const message = Buffer.from(some);
        if (scan(message, pieces) === undefined) return;

        // What does not parse at all harms nobody: a plugin refuses it.
        expect([undefined, "ann"]).toContain(principalBehind(message));
      }),
      { numRuns: 3000 },
    );
  });

  const appended = metadataEntries({ "prism-principal": "ann" }).length;
  test.each([
    ["an entry's key that reaches beyond its entry", [0x22, 2, 0x0a, appended]],
    ["a type URL that reaches beyond its Any", [0x12, 2, 0x0a, appended]],
    ["a field within, unknown, that reaches beyond its entry", [0x22, 3, 0x9a, 1, appended]],
    ["a length within that its entry cuts", [0x22, 1, 0x0a, 0]],
    ["metadata as a varint, which a lenient decoder takes for a length", [0x20, appended]],
    ["an entry's key as a varint", [0x22, 2, 0x08, 0]],
  ])("refuses %s: it would swallow who calls, and leave the name that the client gave", (_what, tail) => {
    const forged = Buffer.concat([metadataEntries({ "prism-principal": "eve" }), Buffer.from(tail)]);

    expect(scan(forged, [])).toBeUndefined();
    expect(scan(forged, [...forged].fill(1))).toBeUndefined();
  });

  test("passes over fields that it does not know, of any wire type, at both depths", () => {
    const unknown = [0x78, 150, 1, 0x7d, 0, 0, 0, 0, 0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0x7a, 1, 0];
    const message = Buffer.from([...unknown, 0x22, unknown.length, ...unknown, 0x0a, 3, 0x67, 0x65, 0x74]);

    expect(scan(message, [])?.operation).toBe("get");
    expect(principalBehind(message)).toBe("ann");
  });

  test("keeps no name that is longer than an operation's can be", () => {
    const long = create(ExecuteRequestSchema, { operation: "x".repeat(10_000) });

    expect(scan(Buffer.from(toBinary(ExecuteRequestSchema, long)), [3, 100])?.operation).toBe("");
  });

  test("goes by the last operation, as a plugin does", () => {
    const twice = Buffer.concat(["get", "set"].map((name) => Buffer.from([0x0a, 3, ...Buffer.from(name)])));

    expect(scan(twice, [4])?.operation).toBe("set");
  });
});
