import { existsSync, readFileSync } from "node:fs";
import type { KeptInput } from "./fuzz-target.js";

/** The inputs that broke a target's promises once. */
export function keptInputs(name: string): readonly KeptInput[] {
  const file = new URL(`kept/${name}.json`, import.meta.url);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as KeptInput[]) : [];
}
