import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { PrismError } from "../../../src/protocol/index.js";
import { readHttpRequest } from "../../../src/runtime/data-plane/http/http-request.js";
import { fuzzTarget } from "../fuzz-target.js";

const part = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("orders", "..", "a/b", "%2f", "//", "?x=1", "#", "kv", "\u0000", "%"),
);
const piece = fc.constantFrom(
  "/v1",
  "/namespaces",
  "/orders",
  "/kv/",
  "//",
  "/../",
  "%2e%2e",
  "%",
  "%zz",
  "?",
  "#",
  "\\",
  "\r\n",
  "http://a",
);

/** First lines of HTTP requests: what was put in percent-encoded comes out as it was, dot segments are refused, and whatever else comes is read or refused in words. */
export const httpRequest = fuzzTarget({
  name: "http-request",
  testRuns: 1500,
  input: fc.record({
    verb: fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "POST", "get", "", "CONNECT"),
    namespace: part,
    key: part,
    pieces: fc.array(fc.oneof(piece, part), { maxLength: 8 }),
  }),
  open: () => ({
    check: ({ verb, namespace, key, pieces }) => {
      read(verb, pieces.join(""));
      read(verb, `/v1/namespaces/${pieces.join("")}`);
      if (namespace === "" || ![namespace, key].every(isText)) return;
      const [one, other] = [namespace, key].map(encodeURIComponent);
      const asked = read("PUT", `/v1/namespaces/${one}/kv/${other}`);
      if ([namespace, key].some(isDotSegment)) {
        deepStrictEqual(asked, undefined);
        return;
      }
      deepStrictEqual(asked, { kind: "key", verb: "PUT", namespace, key });
      if (key === "" || key === "kv") return;
      deepStrictEqual(read("POST", `/v1/namespaces/${one}/${other}`), {
        kind: "operation",
        namespace,
        operation: key,
      });
    },
  }),
});

function read(verb: string, target: string): ReturnType<typeof readHttpRequest> | undefined {
  try {
    const asked = readHttpRequest(verb, target);
    ok(!("namespace" in asked) || asked.namespace !== "");
    return asked;
  } catch (error) {
    if (!(error instanceof PrismError)) throw error;
    return undefined;
  }
}

/** Resolved by whoever stands on the way, so refused. */
function isDotSegment(text: string): boolean {
  return text === "." || text === "..";
}

/** Half a surrogate pair is no text, and cannot be percent-encoded. */
function isText(text: string): boolean {
  return Buffer.from(text).toString() === text;
}
