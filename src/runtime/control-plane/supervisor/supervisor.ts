import { type LoopDelays, nearestName, PrismError } from "../../../protocol/index.js";
import type { Namespace } from "../../model/namespace.js";
import type { ReloadLedger, ReloadStep } from "./reload.js";
import { SupervisedNamespace } from "./supervised-namespace.js";
import type { ChangeKind } from "./change.js";
import type { NamespaceNeighbours } from "./neighbours.js";
import type { InstanceStatus, NamespaceStatus } from "./status.js";

/** What the supervisor needs of the rest of the runtime. */
export type SupervisorNeighbours = Omit<NamespaceNeighbours, "nextId" | "onChange">;

/** One step of a reload, as it is told when it is done. */
export interface ReloadProgress {
  readonly step: ReloadStep;
  /** For the operator, empty where there is nothing to say. */
  readonly message: string;
  readonly elapsedMs: number;
  /** The old instance's version. */
  readonly from: string;
  /** The new instance's version, empty before it is known. */
  readonly to: string;
  /** With `done`. */
  readonly ledger?: ReloadLedger;
}

/** How a reload ended. */
export interface Reloaded {
  readonly namespace: string;
  readonly from: string;
  readonly to: string;
  readonly tookMs: number;
  /** The account of the old instance. */
  readonly ledger: ReloadLedger;
}

/** Owns every plugin instance: starts, watches, restarts, replaces and ends them. */
export class Supervisor {
  readonly #near: NamespaceNeighbours;
  readonly #namespaces = new Map<string, SupervisedNamespace>();
  readonly #listeners = new Set<(namespace: string) => void>();
  #serial = 0;
  #isStopped = false;

  constructor(near: SupervisorNeighbours) {
    this.#near = {
      ...near,
      nextId: (namespace) => `${namespace}-${++this.#serial}`,
      onChange: (namespace) => this.#listeners.forEach((listener) => listener(namespace)),
    };
  }

  /** Serves a new namespace; resolves when the first attempt has ended, well or not (see {@link namespaces}). */
  async start(namespace: Namespace): Promise<void> {
    if (this.#isStopped) throw new PrismError("shuttingDown", "the runtime is being stopped");
    const { name } = namespace;
    if (this.#namespaces.has(name)) throw new PrismError("bug", `namespace "${name}" is there already`);
    const supervised = new SupervisedNamespace(namespace, this.#near);
    this.#namespaces.set(name, supervised);
    await supervised.start();
  }

  /**
   * Brings a namespace to a new declaration, live or by a reload. Rejects where that reload fails; then the old
   * declaration stands and serves. Where nobody serves, it is started like a new one.
   */
  apply(namespace: Namespace): Promise<ChangeKind> {
    return this.#find(namespace.name).apply(namespace);
  }

  /** Replaces a namespace's instance, see `reload.ts`. `onStep` must not throw. Rejects with why where the old one serves on. */
  async reload(
    name: string,
    { version = "" }: { readonly version?: string } = {},
    onStep: (progress: ReloadProgress) => void = () => undefined,
  ): Promise<Reloaded> {
    const namespace = this.#find(name);
    const startedAt = this.#near.clock.now();
    const before = namespace.version;
    const progress = (step: ReloadStep, to: string): ReloadProgress => {
      return {
        step,
        message: "",
        elapsedMs: Math.round(this.#near.clock.now() - startedAt),
        from: before,
        to,
      };
    };
    if (namespace.isReloading)
      onStep({ ...progress("queued", ""), message: "another reload of this namespace runs" });
    const { from, to, ledger } = await namespace.reload(version, (step, to) => onStep(progress(step, to)));
    const done = progress("done", to);
    onStep({ ...done, from, ledger });
    this.#near.log.info("reloaded", { namespace: name, from, to, tookMs: done.elapsedMs, ...ledger });
    return { namespace: name, from, to, tookMs: done.elapsedMs, ledger };
  }

  /** Ends a namespace; its data stays in the backend. Resolves with its instance's account. */
  async remove(name: string): Promise<ReloadLedger> {
    const namespace = this.#find(name);
    const ledger = await namespace.remove();
    this.#namespaces.delete(name);
    this.#near.onChange(name);
    return ledger;
  }

  /** A proxy could not reach an instance, or its connection broke: looks after it now. */
  noticeUnreachable(instanceId: string, reason: string): void {
    this.#near.log.debug("a proxy could not reach an instance", { instance: instanceId, reason });
    for (const namespace of this.#namespaces.values()) namespace.noticeUnreachable(instanceId);
  }

  /** One namespace, as it is observed; undefined where there is none of that name. */
  status(name: string): NamespaceStatus | undefined {
    return this.#namespaces.get(name)?.status();
  }

  /** Every namespace, by name. */
  namespaces(): NamespaceStatus[] {
    return this.#byName().map(([, namespace]) => namespace.status());
  }

  /** Every instance that has not ended, and of a namespace that nobody serves the one that failed last; by namespace. */
  instances(): InstanceStatus[] {
    return this.#byName().flatMap(([, namespace]) => namespace.instances());
  }

  /** How the event loops of plugin instances fare, by namespace; those that do not tell are left out. */
  loops(): ReadonlyMap<string, LoopDelays> {
    const told = this.#byName().map(([name, namespace]) => [name, namespace.loop()] as const);
    return new Map(told.filter((each): each is [string, LoopDelays] => each[1] !== undefined));
  }

  /** Calls the listener with a namespace's name whenever its status or one of its instances' is different; what it gives back ends that. */
  onChange(listener: (namespace: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends every instance within the deadline. Routes are left alone: whoever reads them is gone by then. Safe to call twice. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#namespaces.values()].map((namespace) => namespace.stop(deadlineMs)));
  }

  #find(name: string): SupervisedNamespace {
    const found = this.#namespaces.get(name);
    if (found) return found;
    const near = nearestName(name, this.#namespaces.keys());
    const remedy = near === undefined ? "`prism ns list` tells those there are" : `did you mean "${near}"?`;
    throw new PrismError("unknownNamespace", `no namespace "${name}": ${remedy}`);
  }

  #byName(): [string, SupervisedNamespace][] {
    return [...this.#namespaces].sort(([one], [other]) => (one < other ? -1 : 1));
  }
}
