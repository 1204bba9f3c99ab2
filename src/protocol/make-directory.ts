import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCodeOf } from "./system-problem.js";

/**
 * Makes a directory for its owner alone, and those above it that are not there. One that is there stays as it is. Rejects
 * where none can be made: mkdir's own `recursive` never ends where a directory says ENOENT of what would be in it, as
 * those of /proc do.
 */
export async function makeDirectory(path: string): Promise<void> {
  const refused = await tryToMake(path);
  if (refused === undefined) return;
  const above = dirname(path);
  if (systemCodeOf(refused) !== "ENOENT" || above === path) throw refused;
  await makeDirectory(above);
  const again = await tryToMake(path);
  if (systemCodeOf(again) === "ENOENT")
    throw new Error(`that no directory can be made in ${above}`, { cause: again });
  if (again !== undefined) throw again;
}

/** Why it is not there now; undefined where it is. */
async function tryToMake(path: string): Promise<Error | undefined> {
  try {
    await mkdir(path, { mode: 0o700 });
    return undefined;
  } catch (reason) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return undefined;
    return reason instanceof Error ? reason : new Error(String(reason));
  }
}
