import { PrismError, typedOperations } from "../../protocol/index.js";
import { nearestName } from "../model/nearest-name.js";
import type { Ledger, Route, RouteInstance, RouteTable } from "../model/route-table.js";
import { otherOperation } from "./call-metrics.js";
import { Instance } from "./instance.js";
import { type Method, pluginExecute, pluginExecuteStream } from "./methods.js";
import { PluginHeaders } from "./plugin-headers.js";
import type { ReportUnreachable } from "./upstream.js";

/** Instances that serve no more and whose account is still told. */
const mostRemembered = 256;
/** Names that are compared to find the one that was meant: a refusal must stay cheap. */
const mostCompared = 500;
/** What is repeated of a name that a client made up. */
const longestName = 63;

/** The route table as a proxy uses it, and the instances that it has named. */
export class Routes {
  readonly #onUnreachable: ReportUnreachable;
  readonly #instances = new Map<string, Instance>();
  #table: RouteTable;
  #routes = new Map<string, ActiveRoute>();

  constructor(table: RouteTable, onUnreachable: ReportUnreachable) {
    this.#onUnreachable = onUnreachable;
    this.#table = table;
  }

  /** The table by which is routed. What was worked out by another one is worth nothing. */
  get table(): RouteTable {
    return this.#table;
  }

  /** Routes by another table from now on. Instances that it does not name finish what they run. */
  replace(table: RouteTable): void {
    this.#table = table;
    this.#routes = new Map();
    const named = new Set(Object.values(table.routes).map(({ instance }) => instance?.id));
    for (const [id, instance] of this.#instances) if (!named.has(id)) instance.retire();
    this.#forgetOldest(named);
  }

  /** The route of a namespace. Throws where there is none. */
  find(namespace: string): ActiveRoute {
    const known = this.#routes.get(namespace);
    if (known) return known;
    const { routes } = this.#table;
    const route = Object.hasOwn(routes, namespace) ? routes[namespace] : undefined;
    if (!route) throw this.#unknown(namespace);
    const active = new ActiveRoute(route, route.instance && this.#instance(route.instance));
    this.#routes.set(namespace, active);
    return active;
  }

  /** An instance that has been routed to. */
  instance(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  /** Calls that run. */
  get inFlight(): number {
    let sum = 0;
    for (const instance of this.#instances.values()) sum += instance.inFlight;
    return sum;
  }

  /** The account of every instance that has been routed to. */
  ledgers(): Record<string, Ledger> {
    return Object.fromEntries([...this.#instances].map(([id, instance]) => [id, instance.ledger()]));
  }

  /** Ends every connection to every instance. */
  destroy(): void {
    for (const instance of this.#instances.values()) instance.upstream.destroy();
  }

  #instance(route: RouteInstance): Instance {
    let instance = this.#instances.get(route.id);
    if (!instance) this.#instances.set(route.id, (instance = new Instance(route, this.#onUnreachable)));
    return instance;
  }

  #unknown(namespace: string): PrismError {
    const names = Object.keys(this.#table.routes);
    const nearest = nearestName(namespace, names.slice(0, mostCompared));
    const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
    const told = namespace.slice(0, longestName);
    const message = `no namespace "${told}"${hint}: \`prism ns list\` shows those there are, \`prism ns apply\` adds one`;
    return new PrismError("unknownNamespace", message, {
      info: { namespace: told, ...(nearest === undefined ? {} : { nearest }) },
    });
  }

  #forgetOldest(named: ReadonlySet<string | undefined>): void {
    const ended = [...this.#instances].filter(([id, { inFlight }]) => !named.has(id) && inFlight === 0);
    for (const [id] of ended.slice(0, -mostRemembered)) this.#instances.delete(id);
  }
}

/** One namespace's route, with what is kept for its calls. */
export class ActiveRoute {
  readonly namespace: string;
  /** 0 = none. */
  readonly deadlineMs: number;
  readonly #route: Route;
  readonly #instance: Instance | undefined;
  readonly #operations: ReadonlySet<string>;
  #executeHeaders: PluginHeaders | undefined;

  constructor(route: Route, instance: Instance | undefined) {
    this.#route = route;
    this.#instance = instance;
    this.namespace = route.namespace;
    this.deadlineMs = route.deadlineMs;
    this.#operations = new Set(route.operations);
  }

  /** Who serves. Throws where nobody does just now. */
  get instance(): Instance {
    if (this.#instance) return this.#instance;
    const why = this.#route.reason ?? "its plugin is not there";
    const message = `namespace "${this.namespace}" is not served just now (${why}): try again in a moment, or ask \`prism status\``;
    throw new PrismError("pluginAway", message, { info: { namespace: this.namespace } });
  }

  /** Throws where the plugin has told what it serves, and this is not among it. */
  checkServed(operation: string): void {
    if (this.#operations.size === 0 || this.#operations.has(operation)) return;
    const served = [...this.#operations].slice(0, 20).join(", ");
    const message = `the plugin of namespace "${this.namespace}" does not serve "${operation}"; it serves ${served}`;
    throw new PrismError("operationNotServed", message, { info: { namespace: this.namespace, operation } });
  }

  /** The operation's name as a label of metrics. Clients can make names up, so only declared ones count by name. */
  labelOf(operation: string): string {
    const declared = this.#operations.size > 0 ? this.#operations : typedOperations;
    return declared.has(operation) ? operation : otherOperation;
  }

  /** The headers of a call to the plugin. Those of Execute are the same for all; those of a stream tell `identity`. */
  headersFor({ kind }: Method, identity: readonly string[]): PluginHeaders {
    if (kind === "stream") return new PluginHeaders([...this.#fields(pluginExecuteStream), ...identity]);
    return (this.#executeHeaders ??= new PluginHeaders(this.#fields(pluginExecute)));
  }

  #fields(path: string): string[] {
    const { token } = this.instance;
    return [
      ":method",
      "POST",
      ":scheme",
      "http",
      ":path",
      path,
      ":authority",
      "plugin",
      "content-type",
      "application/grpc",
      "te",
      "trailers",
      "prism-namespace",
      this.namespace,
      ...(token === "" ? [] : ["prism-plugin-token", token]),
    ];
  }
}
