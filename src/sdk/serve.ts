import { fstatSync } from "node:fs";
import type { Server } from "node:net";
import { resolve } from "node:path";
import { isMainThread, parentPort } from "node:worker_threads";
import { Code, LoopDelay } from "../protocol/index.js";
import { stderrLog } from "./json-log.js";
import { listen } from "./listen.js";
import type { Log } from "./log.js";
import type { Plugin } from "./plugin.js";
import { PluginError } from "./plugin-error.js";
import { PluginServer } from "./plugin-server.js";

const mebibyte = 1024 ** 2;

/** The version of the plugin protocol that the SDK speaks. */
export const protocolVersion = "1";

/** How to serve; what is absent comes from the environment that Prism gives a plugin. */
export interface ServeOptions {
  /** The Unix socket to listen on. PLUGIN_SOCKET. */
  readonly socket?: string;
  /** The secret shared with Prism; empty = none. PRISM_PLUGIN_TOKEN. */
  readonly token?: string;
  /** Where files of the namespaces are kept. PRISM_PLUGIN_DATA, else `data` in the working directory. */
  readonly dataDirectory?: string;
  /** The largest message taken, in bytes; 128 MiB. */
  readonly maxMessageBytes?: number;
  /** What the values of one answer may have together, where there are several; PRISM_ANSWER_BYTES, else 32 MiB. */
  readonly answerBytes?: number;
  /** Answers that Prism does not take, in bytes, before further calls wait unrun; PRISM_UNSENT_BYTES, else 64 MiB. */
  readonly unsentBytes?: number;
  /** … of one connection; PRISM_UNSENT_CONNECTION_BYTES, else 32 MiB. */
  readonly unsentConnectionBytes?: number;
  /** How long running operations may go on when the plugin ends or a namespace is replaced; 30,000. */
  readonly graceMs?: number;
  readonly log?: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A plugin that listens. */
export interface ServedPlugin {
  readonly socket: string;
  /** Finishes what runs within the grace period, closes every namespace and the socket. Safe to call twice. */
  close(): Promise<void>;
}

/** Serves a plugin on a socket and no more: no handshake, no signals. For tests, and for plugins within something larger. */
export async function listenWith(
  plugin: Plugin,
  options: ServeOptions & { readonly socket: string },
): Promise<ServedPlugin> {
  const {
    socket,
    token = "",
    graceMs = 30_000,
    maxMessageBytes = 128 * 1024 * 1024,
    now = Date.now,
    answerBytes = 32 * mebibyte,
    unsentBytes = 64 * mebibyte,
    unsentConnectionBytes = 32 * mebibyte,
  } = options;
  const log = options.log ?? stderrLog({ plugin: plugin.name });
  const dataDirectory = resolve(options.dataDirectory ?? "data");
  const loop = new LoopDelay();
  const server = new PluginServer(plugin, {
    ...{ token, graceMs, maxMessageBytes, answerBytes, now, log, dataDirectory },
    loop: () => loop.delays(),
    unsent: { inAll: unsentBytes, perConnection: unsentConnectionBytes },
  });
  const listening = await listen(socket, (connection) => server.accept(connection));
  let closed: Promise<void> | undefined;
  return {
    socket,
    close: () => (closed ??= closeBoth(listening, server, graceMs).finally(() => loop.stop())),
  };
}

/**
 * Serves a plugin as Prism expects a process (or a worker thread) to: listens on PLUGIN_SOCKET, shakes hands on stdout,
 * and ends in order at SIGTERM, SIGINT, SIGHUP and SIGQUIT (in a worker: at the message "terminate") and when the parent is
 * gone (stdin ends). SIGUSR1 opens no debugger.
 */
export async function serve(plugin: Plugin, options: ServeOptions = {}): Promise<ServedPlugin> {
  const { env } = process;
  checkProtocol(env["PRISM_PLUGIN_PROTOCOL"]);
  const served = await listenWith(plugin, {
    token: env["PRISM_PLUGIN_TOKEN"] ?? "",
    ...boundsFrom(env),
    ...(env["PRISM_PLUGIN_DATA"] ? { dataDirectory: env["PRISM_PLUGIN_DATA"] } : {}),
    ...options,
    socket: options.socket ?? socketFrom(env["PLUGIN_SOCKET"]),
  });
  endInOrder(served);
  process.stdout.write(`prism|${protocolVersion}|unix|${served.socket}\n`);
  return served;
}

/** The bounds that the environment names. */
function boundsFrom(env: NodeJS.ProcessEnv): Partial<ServeOptions> {
  const answerBytes = bytesFrom(env, "PRISM_ANSWER_BYTES");
  const unsentBytes = bytesFrom(env, "PRISM_UNSENT_BYTES");
  const unsentConnectionBytes = bytesFrom(env, "PRISM_UNSENT_CONNECTION_BYTES");
  return {
    ...(answerBytes !== undefined && { answerBytes }),
    ...(unsentBytes !== undefined && { unsentBytes }),
    ...(unsentConnectionBytes !== undefined && { unsentConnectionBytes }),
  };
}

function bytesFrom(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new PluginError(
    Code.INVALID_ARGUMENT,
    `${name} is ${JSON.stringify(text)}: set it to a number of bytes, such as 67108864`,
  );
}

function endInOrder(served: ServedPlugin): void {
  const end = (): void => {
    served.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  if (isMainThread) {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) process.once(signal, end);
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) process.on(signal, () => undefined);
    // Prism holds a pipe; where there is none (a terminal, /dev/null) nobody's end is told by it.
    const stdin = fstatSync(process.stdin.fd);
    if (stdin.isFIFO() || stdin.isSocket()) process.stdin.once("end", end).once("error", end).resume();
    return;
  }
  parentPort?.on("message", (message) => {
    if (message === "terminate") end();
  });
}

async function closeBoth(listening: Server, server: PluginServer, graceMs: number): Promise<void> {
  const stopped = new Promise((done) => listening.close(done));
  await server.close(graceMs);
  await stopped;
}

function socketFrom(path: string | undefined): string {
  if (path) return path;
  const message =
    "PLUGIN_SOCKET is not set: Prism sets it when it starts a plugin; to start one by hand, set it to a path for the socket";
  throw new PluginError(Code.INVALID_ARGUMENT, message);
}

function checkProtocol(version: string | undefined): void {
  if (version === undefined || version === protocolVersion) return;
  const message = `Prism speaks version ${version} of the plugin protocol, this plugin's SDK version ${protocolVersion}: use releases of both that match`;
  throw new PluginError(Code.FAILED_PRECONDITION, message);
}
