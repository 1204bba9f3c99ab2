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
  async follow(followed: FollowedFile): Promise<FileWatch> {
    const { file, known } = followed;
    const looks = new Looks(followed, known ?? (await contentDigest(file)));
    const watcher = this.#watch(dirname(file), () => looks.soon());
    const polling = setInterval(() => looks.next(), pollMs);
    // It may have changed since it became known.
    if (known !== undefined) looks.next();
    return {
      close: () => {
        looks.close();
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

/** What is seen of one file, look by look. */
class Looks {
  readonly #followed: FollowedFile;
  #seen: string | undefined;
  #settling: NodeJS.Timeout | undefined;
  #isClosed = false;
  #looking = Promise.resolve();
  #misses = 0;

  constructor(followed: FollowedFile, seen: string | undefined) {
    this.#followed = followed;
    this.#seen = seen;
  }

  /** One look after the other: two at once could tell the same change twice. */
  next(): void {
    this.#looking = this.#looking.then(() => this.#look());
  }

  /** Looks once events have settled. */
  soon(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.next();
    }, settleMs);
  }

  /** Tells nothing any more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#settling);
  }

  async #look(): Promise<void> {
    const found = await contentDigest(this.#followed.file);
    if (this.#isClosed) return;
    if (found === undefined) {
      this.#miss();
      return;
    }
    this.#misses = 0;
    if (found === this.#seen) return;
    this.#seen = found;
    this.#followed.onChange();
  }

  /** Who replaces a file may take it away first: that it is gone is told by a second look. */
  #miss(): void {
    const { onAway } = this.#followed;
    if (onAway === undefined || (this.#misses += 1) > 2) return;
    if (this.#misses === 1) return this.soon();
    this.#seen = undefined;
    onAway();
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
