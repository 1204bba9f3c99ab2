import { chmod, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeDirectory, PrismError } from "../../../protocol/index.js";
import { fileProblem } from "../common/file-problem.js";
import { lockDirectory, type Lock } from "./lock.js";

/** Sockets lie two short names below `run`; with this much for the rest the path still fits a socket address. */
const longestRunPath = 64;

/** Where a runtime keeps what outlives it, and the sockets that do not. Held by one runtime at a time. */
export interface StateDirectory {
  readonly path: string;
  /** Private (0700) and empty at start; short enough that sockets may lie in directories in it. */
  readonly run: string;
  /** Where applied namespaces are kept. */
  readonly namespaces: string;
  /** Where plugins keep their files, in a directory for each namespace. */
  readonly data: string;
  /** Removes the sockets and lets another runtime have the directory. Safe to call twice. */
  release(): Promise<void>;
}

/**
 * Makes the directory where it is not there, and takes it. Rejects with a PrismError that says what to do where another
 * runtime holds it (its pid is told), where it cannot be written, and where the disk is full.
 */
export async function openStateDirectory(path: string): Promise<StateDirectory> {
  const at = (name: string): string => join(path, name);
  try {
    await makeDirectory(path);
    for (const name of ["lock", "run", "namespaces", "data"]) await makePrivate(at(name));
    await assertWritable(at("namespaces"));
  } catch (reason) {
    throw problemWith(path, reason);
  }
  return await take(path);
}

async function take(path: string): Promise<StateDirectory> {
  const inside = join(path, "run");
  const fits = Buffer.byteLength(inside) <= longestRunPath;
  const elsewhere = fits ? undefined : await makeElsewhere(inside);
  const run = elsewhere ?? inside;
  let lock: Lock;
  try {
    lock = await lockDirectory(join(path, "lock"), elsewhere ?? join(path, "lock"));
  } catch (reason) {
    if (elsewhere !== undefined) await rm(elsewhere, { recursive: true, force: true });
    throw problemWith(path, reason);
  }
  // Only the holder may tidy up: until then the sockets may be another runtime's.
  await empty(run);
  await removePastRuns(lock);
  const release = async (): Promise<void> => {
    await empty(run);
    await lock.release();
    if (elsewhere !== undefined) await rm(elsewhere, { recursive: true, force: true });
  };
  let released: Promise<void> | undefined;
  return {
    path,
    run,
    namespaces: join(path, "namespaces"),
    data: join(path, "data"),
    release: () => (released ??= release()),
  };
}

async function makePrivate(directory: string): Promise<void> {
  await makeDirectory(directory);
  await chmod(directory, 0o700);
}

/** Writes and syncs a file: permissions, a read-only file system and a full disk show here, and not at the first apply. */
async function assertWritable(directory: string): Promise<void> {
  const probe = join(directory, `.probe-${process.pid}`);
  const file = await open(probe, "w", 0o600);
  try {
    await file.writeFile("Prism was here.\n".repeat(256));
    await file.sync();
  } finally {
    await file.close();
    await rm(probe, { force: true });
  }
}

/** Leaves sockets that are named like a lock: where sockets lie elsewhere, the lock lies beside them. */
async function empty(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (!name.startsWith("lock-")) await rm(join(directory, name), { recursive: true, force: true });
}

/** Where a runtime that died kept its sockets elsewhere, they are still there. */
async function removePastRuns({ past }: Lock): Promise<void> {
  for (const directory of past.map((socket) => dirname(socket)))
    if (elsewherePrefixes().some((prefix) => directory.startsWith(prefix)))
      await rm(directory, { recursive: true, force: true });
}

/** A directory with a short path, in the system's directory for such, else in /tmp. */
async function makeElsewhere(inside: string): Promise<string> {
  let cause: unknown = new Error("the paths of both are too long");
  for (const prefix of elsewherePrefixes()) {
    try {
      return await mkdtemp(prefix);
    } catch (reason) {
      cause = reason;
    }
  }
  const message = `sockets need a short path: ${inside} is longer than ${longestRunPath} bytes, and no directory can be made in ${tmpdir()} or /tmp. Point server.state_dir or TMPDIR to a shorter one that may be written`;
  throw new PrismError("failedPrecondition", message, { cause });
}

/** How the paths of such directories may begin; mkdtemp adds six letters. */
function elsewherePrefixes(): string[] {
  return [...new Set([tmpdir(), "/tmp"])]
    .map((directory) => join(directory, "prism-run-"))
    .filter((prefix) => Buffer.byteLength(prefix) + 6 <= longestRunPath);
}

function problemWith(path: string, reason: unknown): PrismError {
  if (reason instanceof PrismError) return reason;
  return fileProblem(reason, {
    what: `server.state_dir: the state directory ${path}`,
    remedy: "Point server.state_dir (or --state-dir) to another directory, or put this one right.",
  });
}
