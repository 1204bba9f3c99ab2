import { readFileSync } from "node:fs";

/** The version of this Prism, as its package tells: the same from source and from dist. */
export function prismVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
