import type { Server, Socket } from "node:net";
import { type LoopDelays, PrismError } from "../../../protocol/index.js";
import type { Log } from "../../model/log.js";
import type { CallCounter, ProxySettings, RefusalCounter } from "../../model/proxy-messages.js";
import type { Ledger, Route, RouteTable } from "../../model/route-table.js";
import type { TlsMaterial } from "../../model/tls-material.js";
import { HeldConnections } from "./held-connections.js";
import type { LaunchProxy } from "./proxy.js";
import { ProxyPlace } from "./proxy-place.js";
import { addLedgers, ProxyTotals } from "./proxy-totals.js";
import type { RoutePublisher } from "./route-publisher.js";

const startMs = 20_000;
const mostHeld = 1_000;
const acknowledgeMs = 5_000;
const countMs = 2_000;
/** Added to a deadline that a proxy keeps itself, before it is taken for stuck. */
const graceMs = 2_000;
const heartbeatMs = 5_000;
const stuckAfterMs = 15_000;

/** How many proxies to run, and how. */
export interface ProxiesRequest {
  readonly count: number;
  readonly launch: LaunchProxy;
  readonly settings: ProxySettings;
  readonly log: Log;
  /** A proxy could not reach an instance's socket, or its connection broke. */
  readonly onUnreachable: (instance: string, reason: string) => void;
}

/** One proxy, as an operator sees it. */
export interface ProxyStatus {
  readonly pid: number;
  readonly generation: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly restarts: number;
}

/** What all proxies have counted. */
export interface DataPlaneCounters {
  /** RED metrics. */
  readonly calls: readonly CallCounter[];
  /** What peers were refused. */
  readonly refused: readonly RefusalCounter[];
  /** How their event loops fare. */
  readonly loop: LoopDelays;
}

/** The data plane as the control plane sees it: one table, one account, however many proxies there are or fall. */
export class Proxies implements RoutePublisher {
  readonly #request: ProxiesRequest;
  readonly #places: ProxyPlace[] = [];
  readonly #held = new HeldConnections(mostHeld);
  readonly #totals = new ProxyTotals();
  readonly #routes = new Map<string, Route>();
  #settings: ProxySettings;
  #table: RouteTable = { generation: 0, routes: {} };
  #distributing: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;
  #counting: Promise<unknown> = Promise.resolve();
  #nextCount: Promise<boolean> | undefined;
  #next = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(request: ProxiesRequest) {
    this.#request = request;
    this.#settings = request.settings;
  }

  /** Launches every proxy, to share these listeners, and resolves when all serve. Rejects, with none left running, when one does not. */
  async start(servers: readonly Server[]): Promise<void> {
    const places = Array.from({ length: this.#request.count }, () => this.#addPlace(servers));
    const late = new PrismError("bug", "the data-plane processes do not start; the log says why");
    try {
      await unlessLate(Promise.all(places), startMs, late);
    } catch (reason) {
      await this.stop(0);
      throw reason;
    }
    this.#heartbeat = setInterval(() => this.#killStuck(), heartbeatMs);
  }

  /** Whether any proxy serves just now. */
  get isServing(): boolean {
    return this.#places.some(({ link }) => link.isReady);
  }

  /** Serves a connection that the runtime accepted; holds it while no proxy serves. */
  give(socket: Socket): void {
    const ready = this.#places.filter(({ link }) => link.isReady);
    const place = ready[this.#next++ % Math.max(1, ready.length)];
    if (place !== undefined) place.link.give(socket);
    else if (this.#isStopping) socket.destroy();
    else this.#held.hold(socket);
  }

  /** Serves TLS with this from now on, here and wherever a proxy is launched. Connections stay as they are. */
  secure(tls: TlsMaterial): void {
    this.#settings = { ...this.#settings, tls };
    for (const { link } of this.#places) link.secure(tls);
  }

  point(namespace: string, route: Route | undefined): Promise<void> {
    if (route === undefined) this.#routes.delete(namespace);
    else this.#routes.set(namespace, route);
    return this.#publish();
  }

  async drain(instance: string, deadlineMs: number): Promise<Ledger & { readonly lost: number }> {
    const ledgers = await Promise.all(
      this.#places.map(async ({ link }) => {
        try {
          return await link.drain(instance, deadlineMs, deadlineMs + graceMs);
        } catch {
          // It fell meanwhile, or is stuck and falls now: its account is with the totals then.
          await link.kill();
          return addLedgers();
        }
      }),
    );
    const sum = addLedgers(...ledgers, this.#totals.ledgerOf(instance));
    this.#totals.close(instance);
    return { ...sum, lost: sum.started - sum.completed - sum.failed - sum.cut };
  }

  heard(instance: string): number {
    return this.#places.reduce((sum, { link }) => sum + (link.latest.heard[instance] ?? 0), 0);
  }

  async hear(instance: string): Promise<number | undefined> {
    // Those who ask while a count is under way share the next one, so a thousand that ask are few counts.
    this.#nextCount ??= this.#counting.then(() => {
      this.#nextCount = undefined;
      const counting = this.#count();
      this.#counting = counting;
      return counting;
    });
    return (await this.#nextCount) ? this.heard(instance) : undefined;
  }

  /** What was counted since the runtime started, proxies that ended included. A proxy that is slow to tell adds what it told last. */
  async counted(): Promise<DataPlaneCounters> {
    await this.#count();
    const latest = this.#places.map(({ link }) => link.latest);
    const totals = this.#totals;
    return {
      calls: totals.callsWith(latest),
      refused: totals.refusedWith(latest),
      loop: totals.loopWith(latest),
    };
  }

  /** Every proxy, asked now. */
  async status(): Promise<readonly ProxyStatus[]> {
    await this.#count();
    return this.#places.map(({ link, restarts }) => {
      const { connections, inFlight } = link.latest;
      return { pid: link.pid, generation: link.generation, connections, inFlight, restarts };
    });
  }

  /** Lets calls finish until the deadline, then ends every proxy. Safe to call twice. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#heartbeat);
    for (const socket of this.#held.release()) socket.destroy();
    await Promise.all(this.#places.map((place) => place.stop(deadlineMs, graceMs)));
  }

  /** Resolves when the place's first proxy serves. */
  #addPlace(servers: readonly Server[]): Promise<void> {
    const { launch, log, onUnreachable } = this.#request;
    return new Promise((resolve) => {
      const place = new ProxyPlace(
        () => ({ launch, settings: this.#settings, servers, table: this.#table }),
        {
          onUnreachable,
          onLog: ({ level, message, fields }) => log[level](message, { ...fields, proxy: place.link.pid }),
          onReady: () => {
            resolve();
            this.#giveHeld();
          },
          onEnd: (_how, counters) => this.#totals.bury(counters),
          onUntaken: (socket) => this.give(socket),
          onFall: (link, how, replacedInMs) =>
            log.error(`data-plane process ${link.pid} ${how}`, { proxy: link.pid, replacedInMs }),
        },
      );
      this.#places.push(place);
    });
  }

  #giveHeld(): void {
    for (const socket of this.#held.release()) this.give(socket);
  }

  /** What changes while a table is on its way rides together on the next one, so a thousand changes are few tables. */
  #publish(): Promise<void> {
    this.#queued ??= this.#distributing.then(() => {
      this.#queued = undefined;
      this.#distributing = this.#distribute();
      return this.#distributing;
    });
    return this.#queued;
  }

  /** Resolves when no proxy routes by an older table: each has acknowledged this one, or is gone. */
  async #distribute(): Promise<void> {
    const table = { generation: this.#table.generation + 1, routes: Object.fromEntries(this.#routes) };
    this.#table = table;
    await Promise.all(
      this.#places.map(({ link }) => link.route(table, acknowledgeMs).catch(() => link.kill())),
    );
  }

  /** Whether every proxy that serves told. */
  async #count(): Promise<boolean> {
    const ready = this.#places.filter(({ link }) => link.isReady);
    const told = await Promise.allSettled(ready.map(({ link }) => link.count(countMs)));
    return told.every(({ status }) => status === "fulfilled");
  }

  /** A proxy that no longer answers serves nobody, and holds its clients. */
  #killStuck(): void {
    for (const { link } of this.#places)
      if (link.isReady) void link.count(stuckAfterMs).catch(() => link.kill());
  }
}

async function unlessLate(promise: Promise<unknown>, withinMs: number, late: Error): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(late), withinMs)));
  try {
    await Promise.race([promise, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
