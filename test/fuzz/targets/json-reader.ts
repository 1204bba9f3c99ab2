import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { WrittenNumber } from "../../../src/protocol/json/json-number.js";
import { JsonProblem } from "../../../src/protocol/json/json-problem.js";
import { JsonReader } from "../../../src/protocol/json/json-reader.js";
import type { ReadJson } from "../../../src/protocol/json/json-value.js";
import { cuts, pieces } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";

const bounds = { depth: 1000, digits: 1000, values: 1e6 };

/** JSON, nearly JSON, and what is none. */
const text = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 })).map(([json, at, more]) => {
    const place = at % (json.length + 1);
    return json.slice(0, place) + more + json.slice(place);
  }),
  fc.tuple(fc.json(), fc.nat()).map(([json, at]) => json.slice(0, at % (json.length + 1))),
  fc
    .array(
      fc.constantFrom(
        ...Array.from('{}[]:,"\\/ \t\r\n\b0123456789.-+eEtrufalsn'),
        "null",
        '"a"',
        "\\u00e9",
        "\\ud83d",
        "é",
        "𝄞",
      ),
      {
        maxLength: 24,
      },
    )
    .map((parts) => parts.join("")),
  fc
    .tuple(fc.integer(), fc.nat(), fc.integer({ min: -400, max: 400 }))
    .map(([a, b, c]) => `[${a}.${b}e${c}]`),
);

/**
 * The reader takes what JSON.parse takes, whatever pieces it comes in, and refuses what that refuses. It also refuses what
 * could be read in two ways: a key that stands twice, and half a surrogate pair.
 */
export const jsonReader = fuzzTarget({
  name: "json-reader",
  testRuns: 3000,
  input: fc.record({ text, cuts }),
  open: () => ({
    check: ({ text: written, cuts: lengths }) => {
      const read = ours(written, lengths);
      const parsed = theirs(written);
      if (
        read instanceof JsonProblem &&
        parsed !== undefined &&
        /stands twice|half a surrogate/.test(read.message)
      )
        return;
      deepStrictEqual(read instanceof JsonProblem ? undefined : { value: rounded(read) }, parsed);
    },
  }),
});

function ours(written: string, lengths: readonly number[]): ReadJson | JsonProblem {
  const reader = new JsonReader(bounds);
  try {
    for (const piece of pieces(Buffer.from(written), lengths)) reader.push(piece);
    return reader.end();
  } catch (reason) {
    if (reason instanceof JsonProblem) return reason;
    throw reason;
  }
}

function theirs(written: string): { value: unknown } | undefined {
  try {
    // A string may hold half a surrogate pair; its bytes do not.
    return { value: JSON.parse(Buffer.from(written).toString()) };
  } catch {
    return undefined;
  }
}

/** Every number as its nearest double. */
function rounded(read: ReadJson): unknown {
  if (read instanceof WrittenNumber) return read.rounded;
  if (Array.isArray(read)) return read.map(rounded);
  if (typeof read !== "object" || read === null) return read;
  // What assigns would not make the key __proto__ one of its own.
  return Object.fromEntries(Object.entries(read).map(([key, value]) => [key, rounded(value)]));
}
