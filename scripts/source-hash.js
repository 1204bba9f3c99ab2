import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./install.js";

/** One hash over the names and contents of files; a directory counts with all that lies in it. */
export function sourceHash(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesIn).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return hash.digest("hex");
}

/** The files of a directory and below, as paths from the checkout; of a file, itself. */
export function filesIn(path) {
  const absolute = join(root, path);
  try {
    return readdirSync(absolute, { withFileTypes: true }).flatMap((entry) => {
      const inside = `${path}/${entry.name}`;
      return entry.isDirectory() ? filesIn(inside) : [inside];
    });
  } catch (reason) {
    if (reason.code === "ENOTDIR") return [path];
    if (reason.code === "ENOENT") return [];
    throw reason;
  }
}
