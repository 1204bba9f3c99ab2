/**
 * A data-plane process: serves the connections that the runtime sends it, and does what the runtime says over IPC. It
 * lives as long as that channel does.
 */
import { Server, Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { LoopDelay } from "../../protocol/index.js";
import { collectGarbage } from "../../protocol/collect-garbage.js";
import type { LogFields } from "../model/log.js";
import type { FromProxy, ToProxy } from "../model/proxy-messages.js";
import { DataPlane } from "./data-plane.js";

// Else V8 counts dead buffers as there until its next collection, and every 30 MB of bodies cost a full one: a third of
// their CPU (docs/adr/0006).
setFlagsFromString("--no-concurrent-array-buffer-sweeping");

const loop = new LoopDelay();
const servers: Server[] = [];
let plane: DataPlane | undefined;

process.on("message", (message, handle) => obey(message as ToProxy, handle));
process.on("disconnect", () => process.exit(1));
// A Ctrl-C in the runtime's terminal may reach us as well; it is the runtime that tells when to stop. SIGUSR1 would open
// a debugger.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const)
  process.on(signal, () => undefined);
process.on("uncaughtException", (error) => {
  const fields = { error: error.stack ?? error.message };
  const message = "a bug in the data plane ends this proxy";
  tell({ type: "log", level: "error", message, fields }, () => process.exit(1));
});

function obey(message: ToProxy, handle: unknown): void {
  if (message.type !== "start") {
    if (plane) serve(plane, message, handle);
    return;
  }
  plane = new DataPlane({
    settings: message.settings,
    log: { debug: () => undefined, info: log("info"), warn: log("warn"), error: log("error") },
    onUnreachable: (instance, reason) => tell({ type: "unreachable", instance, reason }),
  });
  plane.setTable(message.table);
  collectGarbage();
  tell({ type: "ready" });
}

function serve(serving: DataPlane, message: Exclude<ToProxy, { type: "start" }>, handle: unknown): void {
  switch (message.type) {
    case "listen":
      if (handle instanceof Server) servers.push(handle.on("connection", (socket) => serving.accept(socket)));
      return;
    case "connection":
      return take(serving, message.connection, handle);
    case "table":
      serving.setTable(message.table);
      return tell({ type: "acknowledged", generation: message.table.generation });
    case "tls":
      return serving.setTls(message.tls);
    case "count":
      return tell({
        type: "counters",
        request: message.request,
        counters: { ...serving.counters(), loop: loop.delays() },
      });
    case "drain":
      return void drain(serving, message);
    case "stop":
      return void stop(serving, message.deadlineMs);
  }
}

function take(serving: DataPlane, connection: number, handle: unknown): void {
  // A client that has left meanwhile leaves no socket.
  const socket = handle instanceof Socket ? handle : undefined;
  // It may break before the word is out, and nobody else listens until then.
  socket?.on("error", () => undefined);
  tell({ type: "taken", connection }, () => {
    if (socket?.destroyed === false) serving.accept(socket);
  });
}

async function drain(
  serving: DataPlane,
  { instance, deadlineMs }: { instance: string; deadlineMs: number },
): Promise<void> {
  tell({ type: "drained", instance, ledger: await serving.drain(instance, deadlineMs) });
}

async function stop(serving: DataPlane, deadlineMs: number): Promise<void> {
  for (const server of servers) server.close();
  await serving.stop(deadlineMs);
  process.exit(0);
}

function log(level: "info" | "warn" | "error"): (message: string, fields?: LogFields) => void {
  return (message, fields = {}) => {
    const told: Record<string, string | number> = {};
    for (const [key, value] of Object.entries(fields))
      told[key] = typeof value === "boolean" ? `${value}` : value;
    tell({ type: "log", level, message, fields: told });
  };
}

function tell(message: FromProxy, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then();
}
