import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const cache = new URL("../../.cache/", import.meta.url).pathname;

/** The folder of that name under .cache/. `make` fills it where it is not there; it is placed when it is whole. */
export function madeOnce(name: string, make: (folder: string) => void): string {
  const home = join(cache, name);
  if (existsSync(home)) return home;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(`${home}-`);
  try {
    make(unfinished);
    place(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return home;
}

/** Another test file may have made the same one meanwhile: then that one stands. */
function place(made: string, home: string): void {
  try {
    renameSync(made, home);
  } catch (reason) {
    if (!existsSync(home)) throw reason;
  }
}
