import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The header by which an operator shows that they may change something, as curl would send it. */
export async function operatorToken(stateDirectory: string): Promise<Record<string, string>> {
  const text = await readFile(join(stateDirectory, "admin-token"), "utf8");
  return { "prism-admin-token": text.trimEnd() };
}
