import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import { Code } from "../protocol/index.js";
import { PluginError } from "./plugin-error.js";

/** What a Unix socket's address holds on every system, with room to spare. */
const maxPathBytes = 100;

/**
 * Listens on a Unix socket that only its owner may open. A socket that nobody listens on any more is replaced; one that
 * somebody does, or a file that is no socket, is left alone.
 */
export async function listen(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new PluginError(
      Code.INVALID_ARGUMENT,
      `the socket's path "${path}" is longer than ${maxPathBytes} bytes: choose a shorter one`,
    );
  }
  await removeStale(path);
  const server = createServer({ allowHalfOpen: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    ownerOnly(path, () => server.listen(path, resolve));
  });
  return server;
}

/** Binds under a umask, so that the socket is never open to others; a worker thread has no umask of its own. */
function ownerOnly(path: string, bind: () => void): void {
  if (!isMainThread) {
    bind();
    chmodSync(path, 0o600);
    return;
  }
  const before = process.umask(0o177);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new PluginError(
      Code.ALREADY_EXISTS,
      `"${path}" is there and no socket: move it away or choose another path`,
    );
  }
  if (await isServed(path)) {
    throw new PluginError(
      Code.ALREADY_EXISTS,
      `somebody listens on "${path}" already: stop it or choose another path`,
    );
  }
  unlinkSync(path);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
