import { chmod, lstat, rm } from "node:fs/promises";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { ListenAddress } from "../config/index.js";
import { PrismError, systemProblem } from "../../protocol/index.js";

/** Connections that may wait in the kernel while every process is busy. */
const backlog = 4096;

/** Something that listens, by the address that it really has (a port 0 has become a number). */
export interface Listener {
  readonly server: Server;
  /** "127.0.0.1:50051" or "unix:/run/prism.sock". */
  readonly address: string;
  /** Takes no new connections from now on. Those that are open stay, wherever they were passed to. */
  close(): void;
}

/** What to listen on. */
export interface ListenRequest {
  readonly address: ListenAddress;
  /** The configuration's key, to name where it cannot be had: "server.listen". */
  readonly key: string;
  /** Sockets arrive paused, nothing read yet. */
  readonly onConnection: (socket: Socket) => void;
}

/** Listens, or rejects with a sentence that names the address, the key, and what to do. */
export async function listen({ address, key, onConnection }: ListenRequest): Promise<Listener> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, onConnection);
  try {
    if (address.kind === "unix") await removeStaleSocket(address.path);
    server.listen({ ...where(address), backlog });
    await once(server, "listening");
    if (address.kind === "unix") await chmod(address.path, 0o600);
  } catch (reason) {
    server.close();
    throw listenProblem(reason, address, key);
  }
  // What fails later is a connection that could not be accepted, such as too many open files; the next one may work.
  server.on("error", () => undefined);
  return {
    server,
    address: addressOf(server, address),
    close: () => void server.close(),
  };
}

function where(address: ListenAddress): { path: string } | { host: string; port: number } {
  return address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
}

function addressOf(server: Server, wanted: ListenAddress): string {
  const bound = server.address();
  if (wanted.kind === "unix" || bound === null || typeof bound === "string") return wanted.text;
  return wanted.port === 0 ? wanted.text.replace(/:0$/, `:${bound.port}`) : wanted.text;
}

/** A socket that nobody listens on was left by a process that died. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const socket = connect(path);
  const answered = await once(socket, "connect").then(
    () => true,
    (reason: unknown) => codeOf(reason) !== "ECONNREFUSED",
  );
  socket.destroy();
  if (!answered) await rm(path, { force: true });
}

function listenProblem(reason: unknown, { text }: ListenAddress, key: string): PrismError {
  const { why, remedy } = systemProblem(reason, here);
  return new PrismError("invalidConfig", `${key}: cannot listen on ${text}: ${why}; ${remedy}`, {
    cause: reason,
  });
}

const noPort = ["this user may not", "choose a port from 1024, or run with the permission"] as const;
const here = {
  EACCES: noPort,
  EPERM: noPort,
  ENOENT: ["its directory is not there", "make the directory, or choose another path"],
} as const;

function codeOf(reason: unknown): string {
  return reason instanceof Error && "code" in reason ? String(reason.code) : "";
}
