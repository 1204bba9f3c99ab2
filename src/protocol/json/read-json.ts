import type { JsonBounds } from "./json-problem.js";
import { JsonReader } from "./json-reader.js";
import type { ReadJson } from "./json-value.js";

/** For those who read what their own operator wrote, and for what is small. */
export const generousBounds: JsonBounds = { depth: 100, digits: 1000, values: Number.MAX_SAFE_INTEGER };

/**
 * Reads a whole JSON text at once. Throws a JsonProblem. What is large, or a stranger's on a loop that others share, is
 * for a JsonReader, in pieces.
 */
export function readJson(bytes: Uint8Array, bounds: JsonBounds = generousBounds): ReadJson {
  const reader = new JsonReader(bounds);
  reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return reader.end();
}
