import { PrismError } from "../../../protocol/index.js";
import type { PluginInstance } from "./plugin-instance.js";
import type { RoutePublisher } from "../proxies/route-publisher.js";

/** The route of one namespace: which instance serves it, as every proxy knows it. */
export class NamespaceRoute {
  readonly #namespace: string;
  readonly #publisher: RoutePublisher;
  #current: PluginInstance | undefined;
  /** On its way to be the current one. */
  #coming: PluginInstance | undefined;
  #deadlineMs = 0;
  #isUnhealthy = false;

  constructor(namespace: string, publisher: RoutePublisher) {
    this.#namespace = namespace;
    this.#publisher = publisher;
  }

  /** Who serves. */
  get current(): PluginInstance | undefined {
    return this.#current;
  }

  /**
   * Sends new calls to a ready instance; resolves with the one before when every proxy has acknowledged. Where the
   * fresh one falls meanwhile, or a proxy cannot be told, the one before serves on and the reason is thrown.
   */
  async point(fresh: PluginInstance, deadlineMs: number): Promise<PluginInstance | undefined> {
    const old = this.#current;
    const oldDeadlineMs = this.#deadlineMs;
    this.#coming = fresh;
    try {
      assertReady(fresh);
      await this.#publish(fresh, deadlineMs);
      assertReady(fresh);
      this.#current = fresh;
      return old;
    } catch (reason) {
      if (old?.state === "ready") await this.#publish(old, oldDeadlineMs);
      else await this.takeOut("its plugin fell");
      throw reason;
    } finally {
      this.#coming = undefined;
    }
  }

  /** Tells the proxies another deadline for the instance that serves. */
  async setDeadline(deadlineMs: number): Promise<void> {
    if (this.#current) await this.#publish(this.#current, deadlineMs);
  }

  /** The instance that serves was asked how it fares: tells the proxies where it has fallen ill, or is well again. */
  healthReported(): void {
    // While a switch is under way the switch's end tells.
    if (!this.#current || this.#coming || isUnhealthy(this.#current) === this.#isUnhealthy) return;
    // A proxy that cannot be told is replaced, and begins with the table as it is.
    this.#publish(this.#current, this.#deadlineMs).catch(() => undefined);
  }

  /**
   * An instance has fallen: takes it out of the route at once. False where it did not serve. While a switch is under
   * way the switch's end decides who serves.
   */
  lose(fallen: PluginInstance, reason: string): boolean {
    if (this.#coming) return fallen === this.#coming || fallen === this.#current;
    if (fallen !== this.#current) return false;
    void this.takeOut(reason).catch(() => undefined);
    return true;
  }

  /** Nobody serves, and callers are told why. It counts at once; resolves when every proxy has acknowledged. */
  async takeOut(reason: string): Promise<void> {
    this.#current = undefined;
    const namespace = this.#namespace;
    await this.#publisher.point(namespace, { namespace, reason, ...nothingServed, deadlineMs: 0 });
  }

  /** The namespace is no more; gives back who served it. */
  async remove(): Promise<PluginInstance | undefined> {
    const old = this.#current;
    this.#current = undefined;
    await this.#publisher.point(this.#namespace, undefined);
    return old;
  }

  async #publish(to: PluginInstance, deadlineMs: number): Promise<void> {
    this.#deadlineMs = deadlineMs;
    this.#isUnhealthy = isUnhealthy(to);
    const namespace = this.#namespace;
    const { operations, services, fileDescriptors } = to.opened;
    const how = { operations, services, fileDescriptors, deadlineMs, isUnhealthy: this.#isUnhealthy };
    await this.#publisher.point(namespace, { namespace, instance: to.route, ...how });
  }
}

const nothingServed = { operations: [], services: [], fileDescriptors: [] };

function isUnhealthy({ health }: PluginInstance): boolean {
  return health === "UNHEALTHY";
}

function assertReady(fresh: PluginInstance): void {
  if (fresh.state !== "ready") throw new PrismError("pluginAway", fresh.reason);
}
