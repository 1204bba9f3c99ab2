import { fork, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { pathToFileURL } from "node:url";
import { BoundedLines } from "../../channel/index.js";
import type { FromProxy, ToProxy } from "../../model/proxy-messages.js";
import { HeldConnections } from "./held-connections.js";
import type { LaunchProxy } from "./proxy.js";

/** Connections on their way to one proxy. All that wait in the kernel, 4096 a listener, may be accepted in one turn. */
const mostUntaken = 16_384;

/** Launches proxies as processes that run `entry`, a module of the data plane, built or in its source. */
export function forkedProxy(entry: string): LaunchProxy {
  return ({ onMessage, onEnd }) => {
    const untaken = new HeldConnections(mostUntaken);
    // Detached: a Ctrl-C in the terminal is for the runtime, which then lets its proxies finish their calls.
    const child = fork(entry, [], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: execArgvFor(entry),
    });
    tellOutput(child, onMessage);
    child.on("message", (message) => {
      const said = message as FromProxy;
      // Its own descriptor serves from here on; with ours, the connection would not end when the proxy does.
      if (said.type === "taken") untaken.take(said.connection)?.destroy();
      else onMessage(said);
    });
    onceGone(child, (how) => onEnd(how, untaken.release()));
    return {
      pid: child.pid ?? 0,
      send: (message, listener) => void child.send(message, listener, {}, ignore),
      give: (socket) => pass(socket, untaken, child),
      kill: () => void child.kill("SIGKILL"),
    };
  };
}

/**
 * Sends a copy. Node would close what it sends only when the process acknowledges, and for one that is killed before it
 * neither closes nor gives back the connection on its way: the client would wait for an answer that nobody gives.
 */
function pass(socket: Socket, untaken: HeldConnections, child: ChildProcess): void {
  const connection = untaken.hold(socket);
  if (connection === undefined) return;
  const message: ToProxy = { type: "connection", connection };
  child.send(message, socket, { keepOpen: true }, ignore);
}

/** What cannot be sent is not for who sends it: the process has ended, which is told. */
function ignore(): void {
  return undefined;
}

/** What the process itself has to say, such as Node's last words about a heap that is full. It never waits for whoever reads the log. */
function tellOutput(child: ChildProcess, tell: (message: FromProxy) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    const lines = new BoundedLines(stream, (message) =>
      tell({ type: "log", level: "warn", message, fields: {} }),
    );
    stream.on("data", (chunk: Buffer) => lines.write(chunk)).once("close", () => lines.end());
  }
}

function onceGone(child: ChildProcess, onEnd: (how: string) => void): void {
  let isTold = false;
  const tell = (how: string): void => {
    if (isTold) return;
    isTold = true;
    onEnd(how);
  };
  // Not "exit", which may overtake the process's last words: it may have said that it took a connection.
  child.on("close", (code: number | null, signal: NodeJS.Signals | null) =>
    tell(signal === null ? `exited with code ${code ?? 0}` : `was killed by ${signal}`),
  );
  // Without a process there is no exit; a failed kill or send is followed by one.
  child.on("error", (reason) => {
    if (child.pid === undefined) tell(`could not be launched: ${reason.message}`);
  });
}

/** A proxy runs under the flags that this process runs under; TypeScript needs its loader wherever this one came from. */
function execArgvFor(entry: string): string[] {
  if (!entry.endsWith(".ts")) return process.execArgv;
  return ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
}
