import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Editors write in several steps, and a ConfigMap swap is several events. */
const settleMs = 100;
/** Some file systems tell nothing: network mounts, and targets of links into other directories. */
const pollMs = 5_000;

/** Stops the watching. */
export interface FileWatch {
  close(): void;
}

/**
 * Tells when a file's content has changed since the call. Watches the directory, so that files that are replaced by
 * renaming, as editors and ConfigMaps do, are noticed; compares content, so that nothing is told twice. A file that is
 * away for a moment is no change.
 */
export async function watchFile(file: string, onChange: () => void): Promise<FileWatch> {
  let known = await contentHash(file);
  let settling: NodeJS.Timeout | undefined;
  let isClosed = false;
  const look = async (): Promise<void> => {
    const found = await contentHash(file);
    if (isClosed || found === undefined || found === known) return;
    known = found;
    onChange();
  };
  const watcher = watch(dirname(file), () => {
    settling ??= setTimeout(() => {
      settling = undefined;
      void look();
    }, settleMs);
  });
  // A directory that goes away ends the watch; the polling goes on.
  watcher.on("error", () => watcher.close());
  const polling = setInterval(() => void look(), pollMs);
  return {
    close: () => {
      isClosed = true;
      clearTimeout(settling);
      clearInterval(polling);
      watcher.close();
    },
  };
}

async function contentHash(file: string): Promise<string | undefined> {
  try {
    return createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  } catch {
    return undefined;
  }
}
