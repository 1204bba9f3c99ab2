import type { z } from "zod";
import { nearestName } from "../../protocol/index.js";
import type { JsonValue } from "../model/namespace.js";
import { isList } from "./json.js";
import { mostProblems } from "./problems.js";
import type { Finding, Path } from "./finding.js";

/** What the schema says of a document, as sentences: `expected X, got Y`, with the nearest word for a near miss. */
export function findShapeProblems(error: z.ZodError, document: JsonValue): Finding[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    if (issue.code === "custom" && issue.params?.["at"] === "key") return [wrongKey(issue.message, path)];
    if (issue.code !== "unrecognized_keys") return [expectation(issue.message, path, document)];
    const known = issue.message.split(" ");
    return issue.keys.slice(0, mostProblems + 1).map((key) => unknownKey([...path, key], key, known));
  });
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  const nearest = nearestName(key, known);
  const hint = nearest === undefined ? `known: ${known.join(", ")}` : `did you mean ${nearest}?`;
  return { path, at: "key", message: `unknown key; ${hint}` };
}

function wrongKey(expected: string, path: Path): Finding {
  return { path, at: "key", message: `expected ${expected}, got ${show(String(path.at(-1)), [])}` };
}

function expectation(expected: string, issuePath: Path, document: JsonValue): Finding {
  const { value, path } = valueAt(document, issuePath);
  const got = `expected ${expected}, got ${show(value, path)}`;
  const words = expected.includes(" | ") && typeof value === "string" ? expected.split(" | ") : [];
  const nearest = typeof value === "string" ? nearestName(value, words) : undefined;
  return { path, message: nearest === undefined ? got : `${got}; did you mean ${nearest}?` };
}

/** The value at a path. A single value where a list may stand counts as the list's first entry. */
function valueAt(document: JsonValue, path: Path): { value: JsonValue | undefined; path: Path } {
  let value: JsonValue | undefined = document;
  for (const [index, step] of path.entries()) {
    if (value === null || typeof value !== "object")
      return typeof step === "number" ? { value, path: path.slice(0, index) } : { value: undefined, path };
    value = isList(value) ? value[Number(step)] : Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return { value, path };
}

/** A value for people's eyes: short, and only its kind where it may be a secret. */
function show(value: JsonValue | undefined, path: Path): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (mayBeSecret(path)) return typeof value === "string" ? "text" : `a ${typeof value}`;
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return String(value);
}

/** Where operators put secrets, or a plugin's own settings that may hold some. */
export function mayBeSecret([root, , ...keys]: Path): boolean {
  if (root !== "namespaces") return false;
  const [key, inner] = keys;
  if (key === "plugin") return inner === "env" || inner === "token" || inner === "command";
  return key === "config" || key === "credentials";
}
