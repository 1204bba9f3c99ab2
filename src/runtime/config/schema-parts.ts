import { z } from "zod";
import type { JsonObject } from "../model/namespace.js";
import {
  readHostName,
  readListenAddress,
  readPageOrigin,
  readRate,
  readSize,
  readSource,
  readTime,
} from "./values.js";

// One convention holds for every piece: an issue's message is what was *expected*; for unknown keys it is the list of
// those that are known; `params.at` is "key" where the key itself is not what was expected. check-shape.ts makes
// sentences of them.

/** A mapping with these keys and no others. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? Object.keys(shape).join(" ") : "a mapping"),
  });
}

/** A mapping that may be absent or empty: then every key has its default. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => value ?? {}, mapping(shape));
}

/** A list. */
export function list<Entry extends z.ZodType>(entry: Entry) {
  return z.array(entry, { error: "a list" });
}

/** A list that may be absent or empty: then it has the entries given. */
export function listOr<Entry extends z.ZodType>(absent: readonly z.input<Entry>[], entry: Entry) {
  return z.preprocess((value) => value ?? absent, list(entry));
}

/** One entry, or a list of at least one. */
export function oneOrMore<Entry extends z.ZodType>(entry: Entry) {
  return z.preprocess(
    (value) => (Array.isArray(value) || value === undefined ? value : [value]),
    z.array(entry, { error: "a list" }).min(1, "at least one entry"),
  );
}

/** A value that one function reads; its answer undefined means that it is not what was expected. */
export function leaf<Value>(expected: string, read: (value: unknown) => Value | undefined) {
  return z.unknown().transform((given, context) => {
    const value = read(given);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected, input: given });
    return z.NEVER;
  });
}

/** Text without NUL, which no path, argument or variable can hold. */
export function text(expected = "text") {
  return leaf(expected, readText);
}

/** Text of at least one character. */
export function someText(expected = "text") {
  return leaf(expected, (value) => (value === "" ? undefined : readText(value)));
}

/** Text of one form. */
export function textLike(form: RegExp, expected: string) {
  return leaf(expected, (value) => (typeof value === "string" && form.test(value) ? value : undefined));
}

/** One of these words. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]) {
  return z.enum(words, { error: words.join(" | ") });
}

/** True or false. */
export function flag() {
  return z.boolean({ error: "true or false" });
}

/** A whole number within bounds. */
export function whole({ min = 0, max = 2 ** 31 - 1 } = {}) {
  return leaf(`a whole number from ${min} to ${max}`, (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  );
}

/** A number within bounds, fractions too. */
export function amount({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return leaf(`a number ${bounds}`, (value) =>
    typeof value === "number" && value >= min && value <= max ? value : undefined,
  );
}

/** Milliseconds, as a whole number or as text such as "30s". */
export function time({ min = 0 } = {}) {
  const least = min > 0 ? `, at least ${min} ms` : "";
  return leaf(`a time of at most 24 days, such as 30s or 500 (milliseconds)${least}`, (value) => {
    const ms = readTime(value);
    return ms !== undefined && ms >= min ? ms : undefined;
  });
}

/** Bytes, as a whole number or as text such as "512KiB". */
export function size({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  const bounds = [
    min > 0 ? `, at least ${min}` : "",
    max < Number.MAX_SAFE_INTEGER ? `, at most ${max}` : "",
  ];
  return leaf(`a size such as 512KiB, 64MiB or 4096 (bytes)${bounds.join("")}`, (value) => {
    const bytes = readSize(value);
    return bytes !== undefined && bytes >= min && bytes <= max ? bytes : undefined;
  });
}

/** How often within which time, such as "5/60s". */
export function rate() {
  return leaf("a count and a time, such as 5/60s", readRate);
}

/** An address to listen on. */
export function listenAddress() {
  return leaf("host:port, [::1]:port or unix:/path", readListenAddress);
}

/** Where a web page comes from, or any. */
export function pageOrigin() {
  return leaf('"*", or an origin as browsers write it, such as https://app.example.com', readPageOrigin);
}

/** A name that a port is asked by, or any. */
export function hostName() {
  return leaf('"*", or a name without a port, such as prism.internal', readHostName);
}

/** Where connections come from. */
export function source() {
  return leaf("an address, a network such as 10.0.0.0/8, or unix", readSource);
}

/** A mapping of anything, such as a plugin's own settings; absent or empty it is empty. */
export function anyMapping() {
  return leaf("a mapping", (value) => readMapping(value ?? {})).default({});
}

/** A mapping of text to text, whose keys have a form; absent or empty it is empty. */
export function texts(keys: RegExp, expectedKey: string) {
  const read = z.unknown().transform((given, context): Readonly<Record<string, string>> => {
    const tell = (message: string, path: string[], params = {}): void => {
      context.addIssue({ code: "custom", message, path, params, input: given });
    };
    const mapped = readMapping(given ?? {});
    if (mapped === undefined) tell("a mapping", []);
    const entries: [string, string][] = [];
    for (const [key, value] of Object.entries(mapped ?? {})) {
      const text = readText(value);
      if (!keys.test(key)) tell(expectedKey, [key], { at: "key" });
      else if (text === undefined) tell("text (put numbers, true and false in quotes)", [key]);
      else entries.push([key, text]);
    }
    return Object.fromEntries(entries);
  });
  return read.default({});
}

function readText(value: unknown): string | undefined {
  return typeof value === "string" && !value.includes("\0") ? value : undefined;
}

function readMapping(value: unknown): JsonObject | undefined {
  // The value came from YAML, read by plain-value.ts: there is nothing in it but JSON.
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
