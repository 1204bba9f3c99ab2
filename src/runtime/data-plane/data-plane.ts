import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { TLSSocket } from "node:tls";
import { ExecuteResponseReader } from "../../protocol/index.js";
import { type Connection, type Limits, serveHttp2 } from "../../wire/index.js";
import type { Log } from "../model/log.js";
import type { Peer } from "../model/peer.js";
import type { ProxyCounters, ProxySettings } from "../model/proxy-messages.js";
import { ServedHosts } from "../model/served-hosts.js";
import type { Ledger, RouteTable } from "../model/route-table.js";
import type { TlsMaterial } from "../model/tls-material.js";
import { CallMetrics } from "./common/call-metrics.js";
import { ClientShare } from "./common/client-share.js";
import { Cors } from "./entrance/cors/cors.js";
import { DeadlineWheel } from "./common/deadline-wheel.js";
import { type Arrival, Entrance } from "./entrance/entrance.js";
import { PageDoor } from "./grpc-web/page-door.js";
import { HttpDoor } from "./http/http-door.js";
import { LastPlan } from "./plan/last-plan.js";
import { LocalCall } from "./local/local-call.js";
import { LocalServices } from "./local/local-services.js";
import { MemoryBudget } from "./common/memory-budget.js";
import { Identity } from "./plan/identity.js";
import { type RefusalReason, PeerRefusals } from "./common/peer-refusals.js";
import { openPath } from "./plan/request-path.js";
import { Routes } from "./route/routes.js";
import { type CallService, serveCall } from "./call/serve-call.js";
import type { UpstreamSurroundings } from "./route/upstream.js";
import { wireLimits } from "./common/wire-limits.js";

/** What a data plane is made with. */
export interface DataPlaneOptions {
  readonly settings: ProxySettings;
  readonly log: Log;
  /** An instance's socket could not be reached, or a connection to it broke: look after it now. */
  readonly onUnreachable: UpstreamSurroundings["onUnreachable"];
}

const nothing = Buffer.alloc(0);
const anyHost = new ServedHosts(["*"]);
const noAccount: Ledger = { started: 0, completed: 0, failed: 0, cut: 0 };

/** Serves clients' connections by a route table. One a process, or one within the runtime. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  /** What every connection's calls share. */
  readonly #service: Omit<CallService, "peer" | "last" | "share" | "hosts">;
  readonly #local: LocalServices;
  readonly #limits: Limits;
  readonly #backlog: MemoryBudget;
  readonly #refusals: PeerRefusals;
  readonly #entrance: Entrance;
  readonly #hosts: ServedHosts;
  readonly #door: HttpDoor;
  readonly #sockets = new Set<Socket>();
  /** Those that have not said yet what they speak. */
  readonly #silent = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #stopping = false;
  #whenEmpty: (() => void) | undefined;

  constructor(options: DataPlaneOptions) {
    const { log, onUnreachable } = options;
    const { limits } = options.settings;
    const now = (): number => performance.now();
    this.#options = options;
    this.#limits = wireLimits(limits);
    this.#backlog = new MemoryBudget(limits.heldBytes);
    this.#refusals = new PeerRefusals(log, now);
    const onRefused: UpstreamSurroundings["onRefused"] = (from, reason, message) =>
      this.#refusals.add({ peer: "plugin", reason, message, from });
    const routes = new Routes(
      { generation: 0, routes: {} },
      { onUnreachable, onRefused, backlog: this.#backlog, limits },
    );
    const deadlines = new DeadlineWheel();
    this.#local = new LocalServices(routes, limits);
    this.#service = {
      path: openPath,
      routes,
      answer: (stream, plan) => new LocalCall(stream, plan, { local: this.#local, deadlines, now }),
      metrics: new CallMetrics(),
      identity: new Identity(),
      deadlines,
      reader: new ExecuteResponseReader(),
      messageBytes: limits.messageBytes,
      defaultNamespace: options.settings.defaultNamespace,
      inflating: new MemoryBudget(limits.inflatingBytes),
      inflatingMs: limits.inflatingMs,
      now,
      otherwise: (stream, headers, service) => this.#door.serveStream(stream, headers, service),
    };
    this.#hosts = new ServedHosts(options.settings.hosts?.names ?? []);
    this.#entrance = new Entrance(options.settings, this.#service.deadlines);
    this.#door = new HttpDoor({
      pages: new PageDoor(new Cors(options.settings.cors)),
      limits,
      onFault: (peer, { reason, message }) => this.#refuse(peer, reason, message),
    });
  }

  /** Serves a connection until it ends. It is closed at once when there are too many, and when we are stopping. */
  accept(socket: Socket): void {
    const { connections } = this.#options.settings.limits;
    const isFull = this.#sockets.size >= connections;
    if (isFull) {
      const message = `there are as many connections as server.limits.connections allows (${connections})`;
      this.#refuse({ address: socket.remoteAddress ?? "" }, "connections", message);
    }
    if (this.#stopping || isFull) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => this.#onGone(socket));
    socket.setNoDelay(true);
    this.#entrance.admit(socket, {
      onArrival: (arrival) => {
        this.#silent.delete(socket);
        this.#serve(arrival);
      },
      onRefused: (peer, reason, message) => {
        this.#refuse(peer, reason, message);
        socket.destroy();
      },
    });
  }

  /** Shakes hands by this from now on; connections stay as they are. */
  setTls(tls: TlsMaterial): void {
    this.#entrance.renew(tls);
  }

  /** Routes by this table from now on, and calls that run go on by the one that they began with. */
  setTable(table: RouteTable): void {
    this.#service.routes.replace(table);
    this.#local.statuses.tableChanged();
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
      refused: this.#refusals.counters(),
      ledgers: routes.ledgers(),
      heard: routes.heard(),
    };
  }

  /** Takes nothing new, lets what runs finish until the deadline, and closes everything. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    this.#local.shutdown();
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

  #serve({ socket, peer, spoken, head }: Arrival): void {
    const service = {
      ...this.#service,
      peer,
      hosts: this.#hostsOf(socket),
      last: new LastPlan(),
      share: new ClientShare(this.#options.settings.limits),
    };
    if (spoken === "http2") this.#serveHttp2(socket, head, service);
    else this.#door.serve(socket, head, service);
  }

  /** No page's browser reaches a Unix socket, and over TLS the certificate tells it whether it is where it meant to be. */
  #hostsOf(socket: Socket): ServedHosts {
    const isVouched = socket instanceof TLSSocket && !this.#options.settings.hosts?.overTls;
    return isVouched || socket.localAddress === undefined ? anyHost : this.#hosts;
  }

  #serveHttp2(socket: Socket, head: Buffer, service: CallService): void {
    const connection = serveHttp2(
      socket,
      { limits: this.#limits, backlog: this.#backlog, head },
      {
        onRequest: (stream, headers, endStream) => {
          const listener = serveCall(stream, headers, service);
          if (endStream) listener.onData(stream, nothing, 0, true);
          return listener;
        },
        onRefused: (refusal, message) => this.#refuse(service.peer, refusal, message),
        onClose: () => this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
  }

  #refuse({ address }: Peer, reason: RefusalReason, message: string): void {
    this.#refusals.add({ peer: "client", reason, message, from: address || "a Unix socket" });
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
