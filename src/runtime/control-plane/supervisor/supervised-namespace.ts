import { isDeepStrictEqual } from "node:util";
import { type LoopDelays, PrismError } from "../../../protocol/index.js";
import { withinMs } from "../../channel/index.js";
import type { Namespace } from "../../model/namespace.js";
import { HealthMonitor } from "./health-monitor.js";
import type { PluginInstance } from "./plugin-instance.js";
import { emptyLedger, type OnReloadStep, reload, type ReloadLedger, type ReloadOutcome } from "./reload.js";
import { SecretsRenewal } from "./secrets-renewal.js";
import { type ChangeKind, changeKind } from "./change.js";
import { Restarts } from "./restarts.js";
import { NamespaceInstances } from "./instances.js";
import type { NamespaceNeighbours } from "./neighbours.js";
import { NamespaceRoute } from "./route.js";
import { type InstanceStatus, type NamespaceStatus, stateSentence } from "./status.js";
import { Turns } from "./turns.js";

/** What replaces the instance that serves. */
interface Replacement {
  /** As it stands when its turn has come. */
  readonly namespace: () => Namespace;
  /** Empty = any. */
  readonly version: string;
  /** The old one does not answer: what replaces it may say that it is UNHEALTHY, and calls of the old one are cut. */
  readonly oldIsHung: boolean;
  readonly onStep: OnReloadStep;
}

/** Keeps one namespace served: starts its instance, watches it, starts it again, replaces it, ends it. */
export class SupervisedNamespace {
  readonly #near: NamespaceNeighbours;
  readonly #route: NamespaceRoute;
  /** Starts and switches of the route: one at a time. */
  readonly #changes = new Turns();
  /** Declarations are taken one at a time. */
  readonly #declarations = new Turns();
  /** Whole reloads: one at a time. */
  readonly #reloads = new Turns();
  readonly #ends = new AbortController();
  readonly #instances: NamespaceInstances;
  readonly #restarts: Restarts;
  readonly #renewal: SecretsRenewal;
  #desired: Namespace;
  #monitor: HealthMonitor | undefined;

  constructor(namespace: Namespace, near: NamespaceNeighbours) {
    this.#desired = namespace;
    this.#near = near;
    this.#instances = new NamespaceInstances(near);
    this.#route = new NamespaceRoute(namespace.name, near.routes);
    const restart = (): void => void this.#bringUp();
    this.#renewal = new SecretsRenewal({ log: near.log, replace: () => this.#replace(this.#same) });
    this.#restarts = new Restarts(namespace.plugin.restart, { ...near, restart });
  }

  /** Whether a reload runs, so that another one has to wait. */
  get isReloading(): boolean {
    return this.#reloads.isBusy;
  }

  /** The version that serves, empty where none does or it did not tell. */
  get version(): string {
    return this.#route.current?.version ?? "";
  }

  status(): NamespaceStatus {
    const { current } = this.#route;
    return {
      namespace: this.#desired,
      ready: current !== undefined,
      health: current?.health,
      ...(current ? { reason: current.reason, outlook: "", isRefused: false } : this.#restarts.absence),
      operations: (current?.opened.operations ?? []).map(({ name }) => name),
      secretConfig: this.#instances.secretConfig,
    };
  }

  instances(): InstanceStatus[] {
    return this.#instances.statuses(this.#restarts.count);
  }

  /** How the event loops of its instances fare; undefined where none tells. */
  loop(): LoopDelays | undefined {
    return this.#instances.loop();
  }

  /** Makes the first attempt to start. One that fails is no error here: the status tells, and the policy tries again. */
  async start(): Promise<void> {
    const known = this.#route.takeOut("its plugin is being started");
    await Promise.all([known, this.#bringUp()]);
  }

  /** Takes another declaration; where nobody serves it is simply started. Where a reload fails, nothing has changed. */
  apply(namespace: Namespace): Promise<ChangeKind> {
    return this.#declarations.run(async () => {
      const kind = changeKind(this.#desired, namespace);
      if (kind === "unchanged") return kind;
      const isServed = await this.#changes.run(() => this.#takeUnlessReload(kind, namespace));
      if (!isServed) await this.#bringUp();
      else if (kind === "reload") await this.#replace({ ...this.#same, namespace: () => namespace });
      return kind;
    });
  }

  /** Replaces the instance; see {@link reload}. */
  async reload(version: string, onStep: OnReloadStep): Promise<ReloadOutcome> {
    const outcome = await this.#replace({ ...this.#same, version, onStep });
    this.#restarts.reset(this.#desired.plugin.restart);
    return outcome;
  }

  /** Takes the namespace out of the routes and ends its instance once that has drained. */
  async remove(): Promise<ReloadLedger> {
    this.#stopWatching();
    return this.#reloads.run(async () => {
      const old = await this.#changes.run(() => this.#route.remove());
      return old ? this.#drain(old, this.#near.drainMs).finally(() => this.#end(old, false)) : emptyLedger;
    });
  }

  /** Ends every instance within the deadline. Routes are left alone: who reads them is gone before. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopWatching();
    await withinMs(this.#changes.over, deadlineMs);
    await this.#instances.shutdown(deadlineMs);
  }

  /** A proxy could not reach an instance: looks after it at once. Nothing where it is not the one that serves. */
  noticeUnreachable(instanceId: string): void {
    if (this.#route.current?.id === instanceId) this.#monitor?.checkNow();
  }

  async #bringUp(): Promise<void> {
    await this.#changes.run(async () => {
      if (this.#route.current || this.#ends.signal.aborted) return;
      const fresh = this.#create(this.#desired);
      try {
        await fresh.start({ signal: this.#ends.signal, mustBeWell: false });
        await this.#point(fresh);
      } catch (reason) {
        await fresh.kill();
        this.#lost(fresh, PrismError.from(reason));
      }
    });
  }

  /** The same again. */
  get #same(): Replacement {
    return { namespace: () => this.#desired, version: "", oldIsHung: false, onStep: () => undefined };
  }

  async #replace({ namespace, version, oldIsHung, onStep }: Replacement): Promise<ReloadOutcome> {
    return this.#reloads.run(async () => {
      this.#assertNotEnded();
      let fresh: PluginInstance | undefined;
      const create = (): PluginInstance => (fresh = this.#create(namespace()));
      try {
        return await reload({
          ...{ create, version, onStep, mustBeWell: !oldIsHung, signal: this.#ends.signal },
          routes: {
            inTurn: (change) => this.#changes.run(change),
            point: (instance) => this.#point(instance),
            drain: (old) => this.#drain(old, oldIsHung ? 0 : this.#near.drainMs),
            shutdown: (old) => this.#end(old, oldIsHung),
          },
        });
      } catch (reason) {
        if (fresh && fresh !== this.#route.current) await this.#end(fresh, true);
        throw reason;
      }
    });
  }

  /** Sends new calls to a ready instance and watches it; gives back the one before. */
  async #point(fresh: PluginInstance): Promise<PluginInstance | undefined> {
    const old = await this.#route.point(fresh, fresh.namespace.deadlineMs);
    this.#take(fresh.namespace);
    this.#restarts.served();
    this.#instances.forgetFailed();
    this.#near.log.info("a plugin instance serves", { ...place(fresh), version: fresh.version });
    this.#changed();
    return old;
  }

  /** Makes a declaration the one that stands: who watches and who restarts go by it from now on. */
  #take(namespace: Namespace): void {
    const { restart } = this.#desired.plugin;
    this.#desired = namespace;
    if (!isDeepStrictEqual(restart, namespace.plugin.restart)) this.#restarts.reset(namespace.plugin.restart);
    this.#watch();
    this.#changed();
  }

  /** Takes a declaration, unless that needs another instance than the one that serves; whether one serves. */
  async #takeUnlessReload(kind: ChangeKind, namespace: Namespace): Promise<boolean> {
    const isServed = this.#route.current !== undefined;
    if (isServed && kind === "reload") return true;
    this.#take(namespace);
    if (isServed) await this.#route.setDeadline(namespace.deadlineMs);
    else this.#restarts.reset(namespace.plugin.restart);
    return isServed;
  }

  #watch(): void {
    this.#monitor?.stop();
    const instance = this.#route.current;
    if (!instance) return;
    this.#monitor = new HealthMonitor({
      settings: this.#desired.plugin.health,
      clock: this.#near.clock,
      check: (timeoutMs) => instance.checkHealth(timeoutMs),
      heard: () => this.#near.routes.heard(instance.id),
      hear: () => this.#near.routes.hear(instance.id),
      onReport: (report) => {
        this.#route.healthReported();
        this.#changed();
        void this.#renewal.heed(instance, report);
      },
      onUnhealthy: (reason) => void this.#replaceHung(instance, reason),
    });
  }

  /** One that answers no more is replaced as in a reload, but what it holds is not waited for. */
  async #replaceHung(hung: PluginInstance, reason: string): Promise<void> {
    this.#near.log.warn("a plugin instance hangs and is replaced", { ...place(hung), reason });
    hung.say(reason);
    this.#changed();
    // A reload that runs may have replaced it by then.
    await this.#reloads.over;
    if (hung !== this.#route.current) return;
    this.#restarts.replaced();
    try {
      await this.#replace({ ...this.#same, oldIsHung: true });
    } catch (failure) {
      const { kind, message } = PrismError.from(failure);
      hung.fail(`${reason}; and what was to replace it failed: ${message}`);
      this.#fell(hung, new PrismError(kind, hung.reason));
    }
  }

  #create(namespace: Namespace): PluginInstance {
    const instance = this.#instances.create(namespace);
    instance.onFall = (reason) => this.#fell(instance, new PrismError("pluginAway", reason));
    this.#changed();
    return instance;
  }

  /** The instance that serves is gone: out of the route at once, and a restart is due. */
  #fell(instance: PluginInstance, reason: PrismError): void {
    void instance.kill();
    if (!this.#route.lose(instance, "its plugin fell and is started again")) return;
    this.#monitor?.stop();
    this.#lost(instance, reason);
    // Its calls fail by themselves; the data plane may close its account.
    this.#near.routes.drain(instance.id, this.#near.graceMs).catch(() => undefined);
  }

  /** Nobody serves: a restart is due, unless the plugin refuses the configuration. */
  #lost(instance: PluginInstance, reason: PrismError): void {
    if (this.#ends.signal.aborted) return;
    const absence = this.#restarts.lost(instance, reason);
    if (absence.isRefused)
      void this.#route.takeOut("its plugin refuses its configuration").catch(() => undefined);
    this.#near.log.warn("no plugin instance serves", { ...place(instance), reason: stateSentence(absence) });
    this.#changed();
  }

  async #drain(old: PluginInstance, drainMs: number): Promise<ReloadLedger> {
    old.drain();
    this.#changed();
    return this.#near.routes.drain(old.id, drainMs);
  }

  /** Ends an instance. An attached plugin may go on serving the namespace behind the same socket. */
  async #end(old: PluginInstance, atOnce: boolean): Promise<void> {
    const goesOn = old.socket === this.#route.current?.socket;
    await (atOnce ? old.kill() : old.shutdown({ graceMs: this.#near.graceMs, silently: goesOn }));
    this.#instances.forget(old);
    this.#changed();
  }

  #stopWatching(): void {
    this.#ends.abort();
    this.#monitor?.stop();
    this.#restarts.stop();
  }

  #assertNotEnded(): void {
    if (!this.#ends.signal.aborted) return;
    throw new PrismError("shuttingDown", `namespace "${this.#desired.name}" is being ended`);
  }

  #changed(): void {
    this.#near.onChange(this.#desired.name);
  }
}

/** Which instance a line of the log is about. */
function place({ id, namespace }: PluginInstance) {
  return { namespace: namespace.name, instance: id };
}
