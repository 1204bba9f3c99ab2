import type { Socket } from "node:net";
import { ExecuteResponseReader } from "../../protocol/index.js";
import { type Connection, serveHttp2 } from "../../wire/index.js";
import type { Log } from "../model/log.js";
import type { ProxyCounters, ProxySettings } from "../model/proxy-messages.js";
import type { Ledger, RouteTable } from "../model/route-table.js";
import { CallMetrics } from "./call-metrics.js";
import { DeadlineWheel } from "./deadline-wheel.js";
import { HttpDoor } from "./http/http-door.js";
import { inflationBudgetBytes } from "./inflation.js";
import { MemoryBudget } from "./memory-budget.js";
import { openPath } from "./request-path.js";
import { Routes } from "./routes.js";
import { type CallService, serveCall } from "./serve-call.js";
import { sniff } from "./sniff.js";
import type { ReportUnreachable } from "./upstream.js";

/** What a data plane is made with. */
export interface DataPlaneOptions {
  readonly settings: ProxySettings;
  readonly log: Log;
  /** An instance's socket could not be reached, or a connection to it broke: look after it now. */
  readonly onUnreachable: ReportUnreachable;
}

const nothing = Buffer.alloc(0);
const noAccount: Ledger = { started: 0, completed: 0, failed: 0, cut: 0 };
/** A full house is told this often at most. */
const tellFullMs = 10_000;

/** Serves clients' connections by a route table. One a process, or one within the runtime. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #service: CallService;
  readonly #door: HttpDoor;
  readonly #sockets = new Set<Socket>();
  /** Those that have not said yet what they speak. */
  readonly #silent = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #stopping = false;
  #whenEmpty: (() => void) | undefined;
  #toldFullAt = -Infinity;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#service = {
      path: openPath,
      routes: new Routes({ generation: 0, routes: {} }, options.onUnreachable),
      metrics: new CallMetrics(),
      deadlines: new DeadlineWheel(),
      reader: new ExecuteResponseReader(),
      messageBytes: options.settings.limits.messageBytes,
      defaultNamespace: options.settings.defaultNamespace,
      inflating: new MemoryBudget(inflationBudgetBytes),
      now: () => performance.now(),
    };
    this.#door = new HttpDoor(this.#service, options.settings.limits.headerBytes);
  }

  /** Serves a connection until it ends. It is closed at once when there are too many, and when we are stopping. */
  accept(socket: Socket): void {
    if (this.#stopping || this.#isFull()) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => this.#onGone(socket));
    socket.setNoDelay(true);
    sniff(socket, this.#service.deadlines, (spoken, head) => {
      this.#silent.delete(socket);
      if (spoken === "http2") this.#serveHttp2(socket, head);
      else this.#door.serve(socket, head);
    });
  }

  /** Routes by this table from now on, and calls that run go on by the one that they began with. */
  setTable(table: RouteTable): void {
    this.#service.routes.replace(table);
  }

  /** Resolves when no call runs on the instance; those that are left at the deadline are cut. */
  async drain(instance: string, deadlineMs: number): Promise<Ledger> {
    return (await this.#service.routes.instance(instance)?.drain(deadlineMs)) ?? noAccount;
  }

  /** What has been counted since the beginning. */
  counters(): ProxyCounters {
    const { routes, metrics } = this.#service;
    return {
      connections: this.#sockets.size,
      inFlight: routes.inFlight,
      generation: routes.table.generation,
      calls: metrics.counters(),
      ledgers: routes.ledgers(),
    };
  }

  /** Takes nothing new, lets what runs finish until the deadline, and closes everything. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    for (const connection of this.#connections) connection.shutdown();
    this.#door.shutdown();
    for (const socket of this.#silent) socket.destroy();
    if (this.#sockets.size > 0) {
      const empty = new Promise<void>((resolve) => (this.#whenEmpty = resolve));
      const timer = setTimeout(() => this.#destroyAll(), deadlineMs);
      await empty;
      clearTimeout(timer);
    }
    this.#service.routes.destroy();
  }

  #serveHttp2(socket: Socket, head: Buffer): void {
    const { streamsPerConnection, headerBytes } = this.#options.settings.limits;
    const limits = { concurrentStreams: streamsPerConnection, headerBytes };
    const connection = serveHttp2(
      socket,
      { limits, head },
      {
        onRequest: (stream, headers, endStream) => {
          const listener = serveCall(stream, headers, this.#service);
          if (endStream) listener.onData(stream, nothing, 0, true);
          return listener;
        },
        onClose: () => this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
  }

  #isFull(): boolean {
    const { connections } = this.#options.settings.limits;
    if (this.#sockets.size < connections) return false;
    const now = this.#service.now();
    if (now - this.#toldFullAt >= tellFullMs) {
      this.#toldFullAt = now;
      const message =
        "a connection was closed at once: there are as many as server.limits.connections allows";
      this.#options.log.warn(message, { limit: "server.limits.connections", connections });
    }
    return true;
  }

  #onGone(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#silent.delete(socket);
    if (this.#sockets.size === 0) this.#whenEmpty?.();
  }

  #destroyAll(): void {
    for (const connection of this.#connections) connection.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}
