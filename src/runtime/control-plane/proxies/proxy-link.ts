import type { Server, Socket } from "node:net";
import { PrismError } from "../../../protocol/index.js";
import type { FromProxy, ProxyCounters, ProxySettings } from "../../model/proxy-messages.js";
import type { Ledger, RouteTable } from "../../model/route-table.js";
import type { TlsMaterial } from "../../model/tls-material.js";
import type { LaunchProxy, Proxy } from "./proxy.js";

const nothing: ProxyCounters = {
  connections: 0,
  inFlight: 0,
  generation: 0,
  calls: [],
  refused: [],
  ledgers: {},
  heard: {},
};

/** Hears what a proxy says unasked. */
export interface LinkEvents {
  onReady(): void;
  onUnreachable(instance: string, reason: string): void;
  onLog(message: FromProxy & { readonly type: "log" }): void;
  /** It is gone; `counters` are the last that it told. */
  onEnd(how: string, counters: ProxyCounters): void;
  /** A connection that it was given and did not take, once it is gone; who hears of it has it back. */
  onUntaken(socket: Socket): void;
}

/** What one proxy begins with. */
export interface LinkRequest {
  readonly launch: LaunchProxy;
  readonly settings: ProxySettings;
  readonly table: RouteTable;
  readonly servers: readonly Server[];
  readonly events: LinkEvents;
}

/** The conversation with one running proxy: questions get their answers, or fail when it ends or takes too long. */
export class ProxyLink {
  readonly #proxy: Proxy;
  readonly #waiting = new Set<Wait>();
  #request = 0;
  #latest = nothing;
  #isReady = false;
  #generation = 0;
  #isOver = false;
  #tellEnded: () => void = () => undefined;
  /** Resolves when it is gone. */
  readonly ended = new Promise<void>((resolve) => (this.#tellEnded = resolve));

  constructor({ launch, settings, table, servers, events }: LinkRequest) {
    this.#proxy = launch({
      onMessage: (message) => {
        if (message.type === "ready") this.#generation = Math.max(this.#generation, table.generation);
        this.#hear(message, events);
      },
      onEnd: (how, untaken) => this.#end(how, untaken, events),
    });
    this.#proxy.send({ type: "start", settings, table });
    for (const server of servers) this.#proxy.send({ type: "listen" }, server);
  }

  get pid(): number {
    return this.#proxy.pid;
  }

  /** Whether it serves. */
  get isReady(): boolean {
    return this.#isReady && !this.#isOver;
  }

  /** The route table that it routes by. */
  get generation(): number {
    return this.#generation;
  }

  /** What it counted when it was last asked; nothing once it is gone. */
  get latest(): ProxyCounters {
    return this.#latest;
  }

  /** Resolves once it routes by the table. */
  async route(table: RouteTable, withinMs: number): Promise<void> {
    if (this.#generation >= table.generation) return;
    this.#proxy.send({ type: "table", table });
    await this.#answer(
      ({ type }) => type === "acknowledged" && this.#generation >= table.generation,
      withinMs,
    );
  }

  /** Has it serve TLS with this from now on. */
  secure(tls: TlsMaterial): void {
    this.#proxy.send({ type: "tls", tls });
  }

  /** The account of an instance, once it has no call in flight on this proxy. */
  async drain(instance: string, deadlineMs: number, withinMs: number): Promise<Ledger> {
    // Counted first: should the proxy die meanwhile, its last counters hold every call the instance began.
    this.#proxy.send({ type: "count", request: ++this.#request });
    this.#proxy.send({ type: "drain", instance, deadlineMs });
    const drained = await this.#answer(
      (message) => message.type === "drained" && message.instance === instance,
      withinMs,
    );
    return drained.type === "drained" ? drained.ledger : { started: 0, completed: 0, failed: 0, cut: 0 };
  }

  /** Its counters as of now; {@link latest} has them too. */
  async count(withinMs: number): Promise<ProxyCounters> {
    const request = ++this.#request;
    this.#proxy.send({ type: "count", request });
    await this.#answer((message) => message.type === "counters" && message.request === request, withinMs);
    return this.#latest;
  }

  /** Passes a connection on. */
  give(socket: Socket): void {
    this.#proxy.give(socket);
  }

  /** Makes sure that it is gone. */
  async kill(): Promise<void> {
    if (this.#isOver) return;
    this.#proxy.kill();
    await this.ended;
  }

  /** Asks it to finish its calls until the deadline and to end. */
  stop(deadlineMs: number): void {
    this.#isReady = false;
    this.#proxy.send({ type: "stop", deadlineMs });
  }

  #hear(message: FromProxy, events: LinkEvents): void {
    if (message.type === "counters") this.#latest = message.counters;
    if (message.type === "acknowledged") this.#generation = Math.max(this.#generation, message.generation);
    if (message.type === "unreachable") events.onUnreachable(message.instance, message.reason);
    if (message.type === "log") events.onLog(message);
    if (message.type === "ready") {
      this.#isReady = true;
      events.onReady();
    }
    for (const wait of [...this.#waiting]) if (wait.isAnswer(message)) wait.resolve(message);
  }

  #answer(isAnswer: (message: FromProxy) => boolean, withinMs: number): Promise<FromProxy> {
    if (this.#isOver)
      return Promise.reject(new PrismError("shuttingDown", "the data-plane process has ended"));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(wait);
        act();
      };
      const wait: Wait = {
        isAnswer,
        resolve: (message) => settle(() => resolve(message)),
        reject: (reason) => settle(() => reject(reason)),
      };
      const late = `data-plane process ${this.pid} did not answer within ${withinMs} ms`;
      const timer = setTimeout(() => wait.reject(new PrismError("deadlineExceeded", late)), withinMs);
      this.#waiting.add(wait);
    });
  }

  #end(how: string, untaken: readonly Socket[], events: LinkEvents): void {
    const counters = this.#latest;
    this.#isOver = true;
    this.#latest = nothing;
    events.onEnd(how, counters);
    for (const socket of untaken) events.onUntaken(socket);
    this.#tellEnded();
    const reason = new PrismError("shuttingDown", `data-plane process ${this.pid} ${how}`);
    for (const wait of [...this.#waiting]) wait.reject(reason);
  }
}

/** Someone who waits for an answer. */
interface Wait {
  isAnswer(message: FromProxy): boolean;
  resolve(message: FromProxy): void;
  reject(reason: Error): void;
}
