import { createHash } from "node:crypto";
import { constants, type FSWatcher, watch } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../../model/log.js";

/** Editors write in several steps, and a ConfigMap swap is several events. */
const settleMs = 100;
/** Some file systems tell nothing: network mounts, and targets of links into other directories. */
const pollMs = 5_000;
/** More than any file that Prism follows may have; beyond it nobody takes the file anyhow. */
const mostBytes = 64 * 1024 ** 2;

/** Stops the watching. */
export interface FileWatch {
  close(): void;
}

/** A file to follow. */
export interface FollowedFile {
  readonly file: string;
  /** SHA-256 of what is known of it, hexadecimal; absent = whatever it holds when the watching begins. */
  readonly known?: string | undefined;
  readonly onChange: () => void;
  /** Hears when it is not there any more, or cannot be read, and not just for a moment; its return is a change then. */
  readonly onAway?: () => void;
}

/**
 * Tells when files change. Watches their directories, so that files that are replaced by renaming, as editors and
 * ConfigMaps do, are noticed; compares content, so that nothing is told twice. A file that is away for a moment, or is no
 * regular file, is no change. Where the system has nothing to watch with (no inotify left), it looks every few seconds,
 * and says so once.
 */
export class FileWatcher {
  readonly #log: Log;
  #hasToldOfPolling = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Follows a file from now on, until the watch is closed. */
  async follow({ file, known, onChange, onAway }: FollowedFile): Promise<FileWatch> {
    let seen = known ?? (await contentDigest(file));
    let settling: NodeJS.Timeout | undefined;
    let isClosed = false;
    let looking = Promise.resolve();
    let misses = 0;
    const look = async (): Promise<void> => {
      const found = await contentDigest(file);
      if (isClosed) return;
      if (found === undefined) {
        miss();
        return;
      }
      misses = 0;
      if (found === seen) return;
      seen = found;
      onChange();
    };
    // One look after the other: two at once could tell the same change twice.
    const lookInTurn = (): void => void (looking = looking.then(look));
    const lookSoon = (): void => {
      settling ??= setTimeout(() => {
        settling = undefined;
        lookInTurn();
      }, settleMs);
    };
    // Who replaces a file may take it away first: that it is gone is told by a second look.
    const miss = (): void => {
      if (onAway === undefined || (misses += 1) > 2) return;
      if (misses === 1) return lookSoon();
      seen = undefined;
      onAway();
    };
    const watcher = this.#watch(dirname(file), lookSoon);
    const polling = setInterval(lookInTurn, pollMs);
    // It may have changed since it became known.
    if (known !== undefined) lookInTurn();
    return {
      close: () => {
        isClosed = true;
        clearTimeout(settling);
        clearInterval(polling);
        watcher?.close();
      },
    };
  }

  #watch(directory: string, onEvent: () => void): FSWatcher | undefined {
    try {
      const watcher = watch(directory, onEvent);
      // A directory that goes away ends the watch; the polling goes on.
      return watcher.on("error", () => watcher.close());
    } catch (reason) {
      this.#tellOfPolling(reason);
      return undefined;
    }
  }

  #tellOfPolling(reason: unknown): void {
    if (this.#hasToldOfPolling) return;
    this.#hasToldOfPolling = true;
    this.#log.warn(
      `files cannot be watched, so edits are looked for every ${pollMs / 1000} s: raise fs.inotify.max_user_instances and fs.inotify.max_user_watches`,
      { reason: reason instanceof Error ? reason.message : String(reason) },
    );
  }
}

/** Undefined where there is no regular file, or one that is beyond all bounds. */
async function contentDigest(file: string): Promise<string | undefined> {
  try {
    // What is a pipe by now must not hold the open up.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      return found.isFile() && found.size <= mostBytes
        ? createHash("sha256")
            .update(await handle.readFile())
            .digest("hex")
        : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
