import type { Socket } from "node:net";
import type { LaunchProxy, ProxyEvents } from "../../../src/runtime/control-plane/proxies/proxy.js";
import type { FromProxy, ProxyCounters, ToProxy } from "../../../src/runtime/model/proxy-messages.js";
import type { Ledger } from "../../../src/runtime/model/route-table.js";

/** A data plane that answers as it should, but for what a test tells it to leave out. */
export class ScriptedProxy {
  readonly heard: ToProxy[] = [];
  readonly given: Socket[] = [];
  ledgers: Record<string, Ledger> = {};
  /** How often it heard of each instance. */
  answers: Record<string, number> = {};
  /** Kinds of messages that it does not answer. */
  deafTo: ToProxy["type"][] = [];
  /** Whether it takes the connections that it is given. */
  isTaking = true;
  isEnded = false;
  readonly #events: ProxyEvents;

  constructor(events: ProxyEvents) {
    this.#events = events;
  }

  hear(message: ToProxy): void {
    this.heard.push(message);
    if (this.isEnded || this.deafTo.includes(message.type)) return;
    const answer = this.#answer(message);
    if (answer) queueMicrotask(() => this.#events.onMessage(answer));
    if (message.type === "stop") this.end("exited with code 0");
  }

  /** Ends, as a process does. */
  end(how = "was killed by SIGKILL"): void {
    if (this.isEnded) return;
    this.isEnded = true;
    queueMicrotask(() => this.#events.onEnd(how, this.isTaking ? [] : this.given));
  }

  /** The generations of the tables it was sent. */
  get generations(): number[] {
    return this.heard.flatMap((message) => ("table" in message ? message.table.generation : []));
  }

  #answer(message: ToProxy): FromProxy | undefined {
    switch (message.type) {
      case "start":
        return { type: "ready" };
      case "table":
        return { type: "acknowledged", generation: message.table.generation };
      case "count":
        return { type: "counters", request: message.request, counters: this.#counters() };
      case "drain":
        return { type: "drained", instance: message.instance, ledger: this.#ledger(message.instance) };
      default:
        return undefined;
    }
  }

  #ledger(instance: string): Ledger {
    return this.ledgers[instance] ?? { started: 0, completed: 0, failed: 0, cut: 0 };
  }

  #counters(): ProxyCounters {
    return {
      connections: 0,
      inFlight: 0,
      generation: 0,
      calls: [],
      refused: [],
      ledgers: { ...this.ledgers },
      heard: { ...this.answers },
    };
  }
}

/** Launches scripted proxies, and remembers them in their order. */
export class ScriptedProxies {
  readonly all: ScriptedProxy[] = [];
  /** Told to each new one before it hears anything. */
  prepare: (proxy: ScriptedProxy) => void = () => undefined;

  readonly launch: LaunchProxy = (events) => {
    const proxy = new ScriptedProxy(events);
    this.all.push(proxy);
    this.prepare(proxy);
    return {
      pid: this.all.length,
      send: (message) => proxy.hear(message),
      give: (socket) => void proxy.given.push(socket),
      kill: () => proxy.end(),
    };
  };
}
