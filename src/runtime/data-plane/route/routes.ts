import { describeFile, nearestName, PrismError, typedOperations } from "../../../protocol/index.js";
import type { Ledger, Route, RouteInstance, RouteTable, ServedOperation } from "../../model/route-table.js";
import {
  type CallCount,
  type CallMetrics,
  type OperationMetrics,
  otherOperation,
} from "../common/call-metrics.js";
import { Instance } from "./instance.js";
import type { Method, TunnelledEntry } from "./method.js";
import { ServedMethod } from "./served-method.js";
import type { UpstreamSurroundings } from "./upstream.js";

/** Instances that serve no more and whose account is still told. */
const mostRemembered = 256;
/** Names that are compared to find the one that was meant: a refusal must stay cheap. */
const mostCompared = 500;
/** What is repeated of a name that a client made up. */
const longestName = 63;
/** What is told of what a plugin serves. */
const mostTold = 20;

/** Methods that are remembered of a namespace: clients can make up names of a declared service. */
const mostMethods = 256;

/** The route table as a proxy uses it, and the instances that it has named. */
export class Routes {
  readonly #surroundings: UpstreamSurroundings;
  readonly #instances = new Map<string, Instance>();
  #table: RouteTable;
  #routes = new Map<string, ActiveRoute>();

  constructor(table: RouteTable, surroundings: UpstreamSurroundings) {
    this.#surroundings = surroundings;
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

  /** How often the plugin of each was heard; see {@link Instance.heard}. */
  heard(): Record<string, number> {
    return Object.fromEntries([...this.#instances].map(([id, { heard }]) => [id, heard]));
  }

  /** Ends every connection to every instance. */
  destroy(): void {
    for (const instance of this.#instances.values()) instance.upstream.destroy();
  }

  #instance(route: RouteInstance): Instance {
    let instance = this.#instances.get(route.id);
    if (!instance) this.#instances.set(route.id, (instance = new Instance(route, this.#surroundings)));
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

/** What a call needs of its namespace that asks for the same as the one before. */
export interface Again {
  readonly instance: Instance;
  readonly metrics: CallCount;
}

/** One namespace's route, with what is kept for its calls. */
export class ActiveRoute {
  // What a call asks for that is like the one before comes first, side by side: where calls go to thousands of namespaces
  // in turn, each lies in no cache, and so does all that it points to.
  #lastMethod: Method | undefined;
  readonly #instance: Instance | undefined;
  /** 0 = none. */
  readonly deadlineMs: number;
  #lastOperation: string | undefined;
  #operationRow = 0;
  #operationMetrics: OperationMetrics | undefined;
  #methodRow = 0;
  #methodMetrics: OperationMetrics | undefined;
  #last: ServedMethod | undefined;
  readonly namespace: string;
  readonly route: Route;
  readonly #operations: ReadonlyMap<string, ServedOperation>;
  readonly #services: ReadonlySet<string>;
  readonly #methods = new Map<string, ServedMethod>();
  /** Full names that the plugin's descriptors tell of: "acme.billing.v1.Invoices.Pay". */
  #described: ReadonlySet<string> | undefined;

  constructor(route: Route, instance: Instance | undefined) {
    this.#instance = instance;
    this.deadlineMs = route.deadlineMs;
    this.namespace = route.namespace;
    this.route = route;
    this.#operations = new Map(route.operations.map((operation) => [operation.name, operation]));
    this.#services = new Set(route.services);
  }

  /** Who serves. Throws where nobody does just now. */
  get #serving(): Instance {
    if (this.#instance) return this.#instance;
    const why = this.route.reason ?? "its plugin is not there";
    const message = `namespace "${this.namespace}" is not served just now (${why}): try again in a moment, or ask \`prism status\``;
    throw new PrismError("pluginAway", message, { info: { namespace: this.namespace } });
  }

  /** A method with what its calls share. Throws where the plugin does not serve it, as far as it has told, or is away. */
  serve(method: Method, metrics: CallMetrics): ServedMethod {
    if (this.#last?.method === method) return this.#last;
    const known = this.#methods.get(method.path);
    if (known) return this.#remember(known);
    if (method.kind === "typed") this.operation(method.operation);
    if (method.kind === "tunnelled") this.#checkService(method);
    const { namespace } = this;
    const by = { namespace, instance: this.#serving, metrics: metrics.of(namespace, this.#labelOf(method)) };
    const served = new ServedMethod(method, by);
    if (this.#methods.size === mostMethods) this.#methods.clear();
    this.#methods.set(method.path, served);
    return this.#remember(served);
  }

  /** Who serves the method that was asked for last, and where it counts; undefined where that was another one. */
  serveAgain(method: Method, metrics: CallMetrics): Again | undefined {
    if (this.#lastMethod !== method) return undefined;
    const [instance, of] = [this.#instance, this.#methodMetrics];
    return instance && of && { instance, metrics: metrics.countIn(this.#methodRow, of) };
  }

  #remember(served: ServedMethod): ServedMethod {
    this.#lastMethod = served.method;
    this.#methodMetrics = served.metrics;
    this.#methodRow = served.metrics.okRow;
    return (this.#last = served);
  }

  /** What the plugin has told of an operation. Throws where it has told what it serves, and this is not among it. */
  operation(name: string): ServedOperation {
    const known = this.#operations.get(name);
    if (known) return known;
    if (this.#operations.size === 0) return { name };
    const { namespace } = this;
    const names = [...this.#operations.keys()].slice(0, mostTold);
    const nearest = nearestName(name, names);
    const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
    const message = `the plugin of namespace "${namespace}" does not serve "${name.slice(0, longestName)}"; it serves ${names.join(", ")}${hint}`;
    throw new PrismError("operationNotServed", message, {
      info: { namespace, operation: name.slice(0, longestName) },
    });
  }

  /** Where calls of an operation are counted. Clients can make names up, so only declared ones count by name. */
  metricsOf(operation: string, metrics: CallMetrics): CallCount {
    const known = this.#operationMetrics;
    if (known && this.#lastOperation === operation) return metrics.countIn(this.#operationRow, known);
    const declared = this.#operations.size > 0 ? this.#operations : typedOperations;
    const label = declared.has(operation) ? operation : otherOperation;
    const found = metrics.of(this.namespace, label);
    if (label === operation) {
      this.#lastOperation = operation;
      this.#operationRow = found.okRow;
      this.#operationMetrics = found;
    }
    return found;
  }

  /**
   * A method's label in metrics. Clients can make methods up, so those of a plugin's own service count by name where its
   * descriptors tell of them, else by the service; raw ones by their body.
   */
  #labelOf(method: Method): string {
    if (method.kind === "typed") return method.operation;
    if (method.kind !== "tunnelled") return otherOperation;
    this.#described ??= namesIn(this.route.fileDescriptors);
    const { operation, service } = method;
    return this.#described.has(operation.replace("/", ".")) ? operation : service;
  }

  #checkService({ path, service }: TunnelledEntry): void {
    // While nobody serves, nobody has declared anything: then that is what the call hears.
    if (this.#services.has(service) || this.#instance === undefined) return;
    const declared = [...this.#services].slice(0, mostTold).join(", ") || "none";
    const message = `no method "${path.slice(0, 200)}": Prism does not serve it, and neither does the plugin of namespace "${this.namespace}"; services it declares: ${declared}`;
    throw new PrismError("unknownMethod", message, { info: { namespace: this.namespace } });
  }
}

function namesIn(fileDescriptors: readonly string[]): ReadonlySet<string> {
  return new Set(fileDescriptors.flatMap((file) => describeFile(Buffer.from(file, "base64"))?.symbols ?? []));
}
