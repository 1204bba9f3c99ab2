import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { usageError } from "./usage-error.js";

/**
 * Throws where an argument of the command line is no UTF-8: Node has put U+FFFD in the place of its bytes, and a key or a
 * value would be another one. It is noticed where the system tells the arguments as they are, which Linux does.
 */
export function assertTextArguments(args: readonly string[] = process.argv): void {
  if (!args.some((arg) => arg.includes("\ufffd")) || isUtf8(argumentBytes())) return;
  throw usageError(
    "an argument is no UTF-8 text: give such bytes in base64 in the parameters' JSON, or over stdin",
  );
}

function argumentBytes(): Buffer {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return Buffer.alloc(0);
  }
}
