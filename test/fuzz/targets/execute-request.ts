import { ok, strictEqual } from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ExecuteRequestSchema } from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { FieldScanner, metadataEntries } from "../../../src/protocol/index.js";
import { cuts, pieces } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";
import { bytesOfFields, fields, type FuzzedField } from "../proto-fields.js";

const entry = { numbers: [1, 2], texts: ["prism-principal", "eve", "k"] };
const request = {
  numbers: [1, 2, 3, 4],
  texts: ["get", "set", "o".repeat(128), "o".repeat(129), ""],
  within: entry,
};
const appended = metadataEntries({ "prism-principal": "ann" });

/**
 * ExecuteRequests, cut anywhere: what the walk lets by still names the proven caller when that is appended, and tells the
 * operation that a decoder reads; and it lets by whatever an encoder writes.
 */
export const executeRequest = fuzzTarget({
  name: "execute-request",
  testRuns: 3000,
  input: fc.record({ fields: fields(request), cut: fc.nat(3), cuts }),
  open: () => ({
    check: ({ fields: all, cut, cuts: lengths }) => {
      const whole = bytesOfFields(all);
      const bytes = whole.subarray(0, Math.max(0, whole.length - cut));
      const scanned = scan(bytes, lengths);
      const decoded = decode(bytes);
      const behind = decode(Buffer.concat([bytes, appended]));
      if (scanned === undefined) {
        ok(cut > 0 || !isWellMade(all), "a good request is refused");
        return;
      }
      if (behind) strictEqual(behind.metadata["prism-principal"], "ann");
      if (decoded) strictEqual(scanned, kept(decoded.operation));
    },
  }),
});

/** The operation; undefined where the bytes are refused. */
function scan(bytes: Buffer, lengths: readonly number[]): string | undefined {
  const scanner = new FieldScanner();
  for (const piece of pieces(bytes, lengths)) if (!scanner.push(piece, 0, piece.length)) return undefined;
  return scanner.atBoundary ? scanner.operation : undefined;
}

function decode(bytes: Buffer): ReturnType<typeof fromBinary<typeof ExecuteRequestSchema>> | undefined {
  try {
    return fromBinary(ExecuteRequestSchema, bytes);
  } catch {
    return undefined;
  }
}

function kept(operation: string): string {
  const bytes = Buffer.from(operation);
  return bytes.length <= 128 ? bytes.toString("latin1") : "";
}

/** Whether an encoder could have written it. What a decoder takes beside that may be refused: it need not be lenient to all. */
function isWellMade(all: readonly FuzzedField[], lastKnown = 4): boolean {
  return all.every(({ number, wireType, overlong, lie, content }) => {
    if (number === 0 || overlong > 0) return false;
    if (wireType !== 2) return number > lastKnown && [0, 1, 5].includes(wireType);
    const isMessage = lastKnown === 4 && (number === 2 || number === 4);
    return lie === 0 && (!isMessage || (typeof content !== "string" && isWellMade(content, 2)));
  });
}
