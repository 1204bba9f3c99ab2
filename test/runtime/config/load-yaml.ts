import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigProblems, loadConfig } from "../../../src/runtime/config/index.js";
import { temporaryDirectory } from "./temporary-directory.js";

/** Loads a file of this content as `prism serve` would from its directory, with a PATH of its own. */
export async function loadYaml(
  content: string | Uint8Array,
  { directory = temporaryDirectory(), env = { PATH: "/nowhere/bin" } } = {},
): Promise<Config> {
  await writeFile(join(directory, "prism.yaml"), content);
  return await loadConfig({ env, cwd: directory });
}

/** The problems of a file of this content, as they are printed; the directory it lies in is called DIR. */
export async function problemsOf(content: string | Uint8Array): Promise<string[]> {
  const directory = temporaryDirectory();
  try {
    await loadYaml(content, { directory });
    return [];
  } catch (reason) {
    if (!(reason instanceof ConfigProblems)) throw reason;
    return reason.message.replaceAll(directory, "DIR").split("\n");
  }
}
