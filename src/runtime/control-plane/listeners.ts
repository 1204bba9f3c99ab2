import { chmod, chown, lstat, readFile, rm } from "node:fs/promises";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { ListenAddress, UnixSocketSettings } from "../config/index.js";
import { PrismError, systemProblem, textForEyes } from "../../protocol/index.js";

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
  /** Who may open it, where it is a Unix socket; absent = Prism's user alone. */
  readonly unixSocket?: UnixSocketSettings;
  /** Sockets arrive paused, nothing read yet. */
  readonly onConnection: (socket: Socket) => void;
}

/** Listens, or rejects with a sentence that names the address, the key, and what to do. */
export async function listen({ address, key, unixSocket, onConnection }: ListenRequest): Promise<Listener> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, onConnection);
  try {
    if (address.kind === "unix") await removeStaleSocket(address.path);
    bindPrivately(server, address);
    await once(server, "listening");
    if (address.kind === "unix" && unixSocket) await open(address.path, unixSocket);
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

/** A Unix socket is bound within the call: it is nobody else's from its first moment on. */
function bindPrivately(server: Server, address: ListenAddress): void {
  if (address.kind === "tcp") {
    server.listen({ ...where(address), backlog });
    return;
  }
  const before = process.umask(0o177);
  try {
    server.listen({ ...where(address), backlog });
  } finally {
    process.umask(before);
  }
}

/** Lets those in who may open a socket: the group first, as the mode may give it rights. */
async function open(path: string, { mode, group }: UnixSocketSettings): Promise<void> {
  if (group !== "") await chown(path, process.getuid?.() ?? 0, await groupId(group));
  await chmod(path, mode);
}

async function groupId(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  const groups = textForEyes(await readFile("/etc/group"))
    .split("\n")
    .map((line) => line.split(":"));
  const id = Number(groups.find(([name]) => name === group)?.[2] ?? NaN);
  if (Number.isInteger(id)) return id;
  const message = `server.unix_group: there is no group ${JSON.stringify(group)} in /etc/group: name another, or its number`;
  throw new PrismError("invalidConfig", message);
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
  if (reason instanceof PrismError) return reason;
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
