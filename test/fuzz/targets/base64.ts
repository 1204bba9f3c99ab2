import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { Base64Reader, toBase64 } from "../../../src/runtime/data-plane/grpc-web/base64.js";
import { cuts, hex, pieces, unhex } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";

const garbage = fc.oneof(
  { weight: 10, arbitrary: fc.constant("") },
  fc.constantFrom("=", "A", "A===", "-_==", "\n", "é"),
  hex(6),
);

/** gRPC-Web's text, cut anywhere: groups that are padded one by one give the bytes they stand for, anything else is refused. */
export const base64 = fuzzTarget({
  name: "base64",
  testRuns: 1500,
  input: fc.record({ parts: fc.array(fc.tuple(hex(40), garbage), { maxLength: 6 }), cuts }),
  open: () => ({
    check: ({ parts, cuts: lengths }) => {
      const text = Buffer.concat(
        parts.flatMap(([bytes, more]) => [toBase64(unhex(bytes)), Buffer.from(more)]),
      );
      strictEqual(read(text, lengths), simpleReading(text.toString("latin1")));
    },
  }),
});

function read(text: Buffer, lengths: readonly number[]): string {
  const reader = new Base64Reader();
  const found: string[] = [];
  for (const piece of pieces(text, lengths)) {
    const bytes = reader.push(piece);
    if (bytes === undefined) return "refused";
    found.push(bytes.toString("hex"));
  }
  return found.join("") + (reader.atBoundary ? "" : " and more");
}

/** Group by group, by Node's own reading of each. */
function simpleReading(text: string): string {
  let found = "";
  for (let at = 0; at < text.length; at += 4) {
    const group = text.slice(at, at + 4);
    const form =
      group.length === 4
        ? /^[A-Za-z0-9+/]{2}([A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==)$/
        : /^[A-Za-z0-9+/]{0,3}$|^[A-Za-z0-9+/]{2}=$/;
    if (!form.test(group)) return "refused";
    if (group.length < 4) return `${found} and more`;
    found += Buffer.from(group, "base64").toString("hex");
  }
  return found;
}
