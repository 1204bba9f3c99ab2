import { WrittenNumber } from "./json-number.js";

/** A value that a JSON text stands for. */
export type ReadJson =
  string | number | boolean | null | WrittenNumber | ReadJson[] | { [key: string]: ReadJson };

/** Whether what was read is an object. */
export function isReadObject(json: ReadJson): json is Record<string, ReadJson> {
  return (
    typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof WrittenNumber)
  );
}

/** Sets a property of its own, whatever objects inherit under that name. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
