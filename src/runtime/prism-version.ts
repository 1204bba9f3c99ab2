import { readFileSync } from "node:fs";
import { installed } from "./model/installed.js";

/** The version of this Prism, as its package tells: the same from source and from dist. */
export function prismVersion(): string {
  const text = readFileSync(installed("package.json"), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
