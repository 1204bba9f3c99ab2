import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readlink, rm, symlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { PrismError } from "../../../protocol/index.js";

const answerMs = 1_000;
const attempts = 50;

/** A directory that this process alone holds, until it releases it or ends, however it ends. */
export interface Lock {
  /** Sockets of holders before, which ended without removing them, or did remove them. */
  readonly past: readonly string[];
  release(): Promise<void>;
}

/**
 * Locks a directory, or rejects with who holds it.
 *
 * The lock is a listening Unix socket: the kernel closes it when its process ends, so it is never left behind, and
 * whoever connects is told the holder's pid. Symbolic links `<directory>/<n>` name the sockets of past holders and of
 * the present one, and the highest number is the lock. To take over from a dead holder is to make the next number,
 * which only one can; since the highest is never removed, one who was slow finds a higher number than its own and
 * withdraws. So two that start at once can not both believe that they hold it.
 */
export async function lockDirectory(directory: string, socketDirectory: string): Promise<Lock> {
  const socket = join(socketDirectory, `lock-${randomBytes(4).toString("hex")}.sock`);
  const server = await tellPid(socket);
  try {
    const past = await takeNumber(directory, socket);
    return { past, release: () => close(server) };
  } catch (reason) {
    await close(server);
    throw reason;
  }
}

async function takeNumber(directory: string, socket: string): Promise<string[]> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const highest = Math.max(0, ...(await numbers(directory)));
    if (highest > 0) await assertDead(join(directory, String(highest)), directory);

    const mine = highest + 1;
    if (!(await tryLink(socket, join(directory, String(mine))))) continue;
    const all = await numbers(directory);
    if (Math.max(...all) === mine) {
      const past = all.filter((number) => number < mine);
      return await Promise.all(past.map((number) => forget(join(directory, String(number)))));
    }
    await rm(join(directory, String(mine)), { force: true });
  }
  throw new PrismError(
    "failedPrecondition",
    `the state directory's lock ${directory} changes hands all the time: several runtimes are being started on it. ` +
      "Start one at a time, or give each its own server.state_dir.",
  );
}

async function assertDead(link: string, directory: string): Promise<void> {
  const socket = await readlink(link).catch(() => undefined);
  const holder = socket === undefined ? undefined : await askPid(socket);
  if (holder === undefined) return;
  throw new PrismError(
    "invalidConfig",
    `server.state_dir: another Prism runtime${holder === "" ? "" : ` (process ${holder})`} holds the lock ${directory}. ` +
      "One state directory serves one runtime: stop the other one, or give this one its own server.state_dir.",
  );
}

/** The pid that answers on the socket, empty where the holder does not answer in time, undefined where nobody listens. */
async function askPid(path: string): Promise<string | undefined> {
  const socket = connect(path);
  socket.setTimeout(answerMs, () => socket.destroy(new Error("no answer")));
  try {
    await once(socket, "connect");
  } catch (reason) {
    const dead = ["ECONNREFUSED", "ENOENT"].includes(codeOf(reason));
    return dead ? undefined : "";
  }
  const answer = await buffer(socket).catch(() => Buffer.alloc(0));
  return /^\d+$/.exec(answer.toString("latin1").trim())?.[0] ?? "";
}

async function tellPid(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(`${process.pid}\n`);
  });
  server.listen(path);
  await once(server, "listening");
  return server.unref();
}

async function numbers(directory: string): Promise<number[]> {
  return (await readdir(directory)).filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
}

async function tryLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (reason) {
    if (codeOf(reason) === "EEXIST") return false;
    throw reason;
  }
}

/** Removes a dead holder's number, and the socket that it could not remove itself. */
async function forget(link: string): Promise<string> {
  const socket = await readlink(link);
  await rm(socket, { force: true });
  await rm(link, { force: true });
  return socket;
}

async function close(server: Server): Promise<void> {
  server.ref();
  await new Promise((resolve) => server.close(resolve));
}

function codeOf(reason: unknown): string {
  return reason instanceof Error && "code" in reason ? String(reason.code) : "";
}
