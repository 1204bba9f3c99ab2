import { isDeepStrictEqual } from "node:util";
import type { Namespace } from "../model/namespace.js";
import { declarationYaml } from "./namespaces/declaration.js";
import { ownerText } from "./namespaces/desired-namespaces.js";
import { mapInPieces } from "./common/pieces.js";
import type { Namespaces } from "./namespaces/namespaces.js";
import type { Proxies, ProxyStatus } from "./proxies/proxies.js";
import type { Supervisor } from "./supervisor/supervisor.js";
import { type InstanceStatus, type NamespaceStatus, stateSentence } from "./supervisor/status.js";

/** What does not change while the runtime runs. */
export interface RuntimeFacts {
  readonly version: string;
  readonly pid: number;
  /** Where clients are served. */
  readonly listen: readonly string[];
  /** Whether TLS is spoken there, but for Unix sockets. */
  readonly tls: boolean;
  /** Where operators are served. */
  readonly admin: string;
  /** Empty where there is none. */
  readonly configFile: string;
}

/** A namespace, desired and observed, as operators are told of it: never a secret. */
export interface NamespaceOverview {
  readonly name: string;
  readonly backend: string;
  readonly channel: string;
  /** "/etc/prism.yaml:12", "applied", "default". */
  readonly owner: string;
  readonly ready: boolean;
  /** What the instance that serves says of itself: HEALTHY, DEGRADED or UNHEALTHY; empty where none serves. */
  readonly health: string;
  /** Why not, where it is not ready or not healthy. */
  readonly reason: string;
  readonly operations: readonly string[];
  /** The declaration in force, credentials left out. */
  readonly yaml: string;
  /** Why an edited declaration is not in force, and the one before is; empty where there is none. */
  readonly problem: string;
}

/** Whether traffic may come to this Prism, and which namespaces fare ill all the same. */
export interface Readiness {
  /** Calls are taken. A namespace that fares ill is no reason to keep those of all others away. */
  readonly ready: boolean;
  /** Why a namespace is not served, by its name; why Prism itself takes no calls, as "runtime". */
  readonly unready: Readonly<Record<string, string>>;
  /** What is amiss with a namespace that is served, by its plugin's word. */
  readonly unhealthy: Readonly<Record<string, string>>;
}

/** The runtime at a glance. */
export interface RuntimeStatus extends RuntimeFacts {
  readonly uptimeMs: number;
  readonly proxies: readonly ProxyStatus[];
  readonly namespaces: readonly NamespaceOverview[];
  readonly instances: readonly InstanceStatus[];
  /** Whether every namespace is served. */
  readonly ready: boolean;
  /** What of the declarations is not served as it stands, as sentences. */
  readonly problems: readonly string[];
}

/** Whose state is told. */
export interface OverviewSources {
  readonly facts: () => RuntimeFacts;
  readonly namespaces: Pick<Namespaces, "desired" | "failure" | "find" | "problems">;
  readonly supervisor: Pick<Supervisor, "namespaces" | "instances" | "status">;
  readonly proxies: Pick<Proxies, "status" | "isServing">;
  /** Problems of the configuration file, told beside those of the namespaces. */
  readonly fileProblems: () => readonly string[];
}

/** A declaration as it is shown, and the places that its plugin called secret when it was written. */
interface ShownDeclaration {
  readonly yaml: string;
  readonly secretConfig: readonly string[];
}

/** Tells how everything fares. Asks, and changes nothing. */
export class Overview {
  readonly #sources: OverviewSources;
  readonly #since = performance.now();
  /** Declarations as they are shown; to write one takes a while, and there may be thousands. */
  readonly #shown = new WeakMap<Namespace, ShownDeclaration>();
  #isStarted = false;
  #isStopping = false;

  constructor(sources: OverviewSources) {
    this.#sources = sources;
  }

  /** Every namespace has been tried; from now on readiness is theirs to tell. */
  started(): void {
    this.#isStarted = true;
  }

  /** From now on nothing is ready. */
  stopping(): void {
    this.#isStopping = true;
  }

  /** Every namespace, by name. */
  async namespaces(): Promise<NamespaceOverview[]> {
    const observed = this.#observed();
    return await mapInPieces(this.#byName(), (namespace) =>
      this.#toOverview(namespace, observed.get(namespace.name)),
    );
  }

  /** One namespace; throws with the nearest name. */
  namespace(name: string): NamespaceOverview {
    return this.#toOverview(this.#sources.namespaces.find(name), this.#sources.supervisor.status(name));
  }

  /** Every instance, by namespace. */
  instances(): InstanceStatus[] {
    return this.#sources.supervisor.instances();
  }

  /** Whether traffic may come, and why not. */
  readiness(): Readiness {
    const observed = this.#observed();
    const all = this.#byName().map(({ name }) => ({ name, ...stateOf(observed.get(name)) }));
    const runtime = this.#notReady();
    const unserved = reasonsOf(all.filter(({ ready }) => !ready));
    return {
      ready: runtime === undefined,
      unready: runtime === undefined ? unserved : { runtime, ...unserved },
      unhealthy: reasonsOf(all.filter(({ health }) => health === "UNHEALTHY")),
    };
  }

  /** All of it. */
  async status(): Promise<RuntimeStatus> {
    const { facts, namespaces, proxies, fileProblems } = this.#sources;
    return {
      ...facts(),
      uptimeMs: Math.round(performance.now() - this.#since),
      proxies: await proxies.status(),
      namespaces: await this.namespaces(),
      instances: this.instances(),
      ready: Object.keys(this.readiness().unready).length === 0,
      problems: [...fileProblems(), ...namespaces.problems],
    };
  }

  #toOverview(declared: Namespace, observed: NamespaceStatus | undefined): NamespaceOverview {
    const problem = this.#sources.namespaces.failure(declared.name) ?? "";
    const inForce = problem === "" ? declared : (observed?.namespace ?? declared);
    const { name, backend, plugin } = inForce;
    return {
      name,
      backend,
      channel: plugin.channel,
      owner: ownerText(declared),
      ...stateOf(observed),
      operations: observed?.operations ?? [],
      yaml: this.#yamlOf(inForce, observed?.secretConfig ?? []),
      problem,
    };
  }

  #yamlOf(namespace: Namespace, secretConfig: readonly string[]): string {
    const known = this.#shown.get(namespace);
    if (known && isDeepStrictEqual(known.secretConfig, secretConfig)) return known.yaml;
    const yaml = declarationYaml(namespace, secretConfig);
    this.#shown.set(namespace, { yaml, secretConfig });
    return yaml;
  }

  #byName(): Namespace[] {
    const { desired } = this.#sources.namespaces;
    return [...desired.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  #notReady(): string | undefined {
    if (this.#isStopping) return "it is being stopped";
    if (!this.#isStarted) return "it is being started";
    return this.#sources.proxies.isServing ? undefined : "no data-plane process serves";
  }

  #observed(): ReadonlyMap<string, NamespaceStatus> {
    return new Map(this.#sources.supervisor.namespaces().map((status) => [status.namespace.name, status]));
  }
}

type StateOverview = Pick<NamespaceOverview, "ready" | "health" | "reason">;

function stateOf(observed: NamespaceStatus | undefined): StateOverview {
  return {
    ready: observed?.ready ?? false,
    health: observed?.health ?? "",
    reason: observed ? stateSentence(observed) : "it waits for its start",
  };
}

function reasonsOf(
  namespaces: readonly (StateOverview & { readonly name: string })[],
): Record<string, string> {
  return Object.fromEntries(namespaces.map(({ name, reason }) => [name, reason]));
}
