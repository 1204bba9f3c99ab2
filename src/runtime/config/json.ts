import type { JsonObject, JsonValue } from "../model/namespace.js";

/** Whether a value is a list. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether a value is a mapping. */
export function isMapping(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}

/** The value at a path, undefined where there is none. What objects inherit does not count. */
export function valueAt(
  value: JsonValue | undefined,
  path: readonly (string | number)[],
): JsonValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (isList(value)) return typeof step === "number" ? valueAt(value[step], rest) : undefined;
  return isMapping(value) && Object.hasOwn(value, step) ? valueAt(value[step], rest) : undefined;
}

/** Every text in a value, keys not counted, with its path. */
export function* textsIn(
  value: JsonValue,
  path: readonly (string | number)[] = [],
): Generator<{ text: string; path: readonly (string | number)[] }> {
  if (typeof value === "string") yield { text: value, path };
  else if (isList(value))
    for (const [index, entry] of value.entries()) yield* textsIn(entry, [...path, index]);
  else if (isMapping(value))
    for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, [...path, key]);
}
