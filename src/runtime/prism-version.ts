import { readFileSync } from "node:fs";
import { installed } from "./model/installed.js";

/** The version of this Prism, as its package tells: the same from source and from dist. */
export function prismVersion(): string {
  // eslint-disable-next-line no-restricted-syntax -- Prism's own
  const { version } = JSON.parse(readFileSync(installed("package.json"), "utf8")) as { version: string };
  return version;
}
