import { Code } from "../protocol/index.js";
import { PluginError } from "./plugin-error.js";

/** The longest key, in bytes of UTF-8. */
export const maxKeyBytes = 1024;

/** Refuses a key that no backend takes: empty, longer than {@link maxKeyBytes}, or with a NUL. */
export function checkKey(key: string): void {
  if (key.length === 0) {
    throw new PluginError(Code.INVALID_ARGUMENT, "the key is empty: a key is 1 to 1024 bytes of UTF-8");
  }
  // A character of UTF-16 is at most three bytes of UTF-8, so short keys need no counting.
  if (key.length * 3 > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes) {
    const bytes = Buffer.byteLength(key);
    throw new PluginError(
      Code.INVALID_ARGUMENT,
      `the key is ${bytes} bytes long: a key is 1 to 1024 bytes of UTF-8`,
    );
  }
  if (key.includes("\0")) {
    const message = `the key of ${Buffer.byteLength(key)} bytes holds a NUL: a key is any character but NUL`;
    throw new PluginError(Code.INVALID_ARGUMENT, message);
  }
}

/** Refuses a negative time to live. */
export function checkTtl(ttlMs: bigint): void {
  if (ttlMs < 0n) {
    const message = `ttl_ms is ${ttlMs.toString()}: a time to live is 0 (for ever) or more milliseconds`;
    throw new PluginError(Code.INVALID_ARGUMENT, message);
  }
}

/** When a time to live that begins now ends, in milliseconds since 1970; undefined = never. Exact as a double, whatever was asked. */
export function expiryOf(ttlMs: bigint, nowMs: number): number | undefined {
  if (ttlMs === 0n) return undefined;
  return Math.min(nowMs + Number(ttlMs), Number.MAX_SAFE_INTEGER);
}

/**
 * The first text that sorts after everything beginning with a prefix, in the order of UTF-8 bytes; undefined where
 * nothing does. So "begins with, literally" is the range `prefix <= key < prefixEnd(prefix)`.
 */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === lastCodePoint) continue;
    const next = last + 1 === firstSurrogate ? lastSurrogate + 1 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}

const firstSurrogate = 0xd800;
const lastSurrogate = 0xdfff;
const lastCodePoint = 0x10ffff;
