import type { PrismError } from "../../../protocol/index.js";
import type { RestartSettings } from "../../model/namespace.js";
import type { PluginInstance } from "./plugin-instance.js";
import { RestartPolicy } from "./restart-policy.js";
import type { Clock } from "./clock.js";

/** Time, chance, and what a restart is. */
export interface RestartNeighbours {
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Starts again. */
  readonly restart: () => void;
}

/** Why nobody serves a namespace, and what comes of it. */
export interface Absence {
  readonly reason: string;
  /** What comes next: "it is started again in 200 ms". */
  readonly outlook: string;
  /** The plugin refuses the configuration: only another one helps. */
  readonly isRefused: boolean;
}

/** The restarts of one namespace: how many there were, the one that is due, and why. */
export class Restarts {
  readonly #near: RestartNeighbours;
  #settings: RestartSettings;
  #policy: RestartPolicy;
  #cancel: (() => void) | undefined;
  #count = 0;
  #absence: Absence = { reason: "it is being started", outlook: "", isRefused: false };
  #isStopped = false;

  constructor(settings: RestartSettings, near: RestartNeighbours) {
    this.#settings = settings;
    this.#near = near;
    this.#policy = this.#newPolicy();
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** Why nobody serves; holds while nobody does. */
  get absence(): Absence {
    return this.#absence;
  }

  /** Goes by these settings from now on and begins anew: nothing is due, nothing counts against the instance. */
  reset(settings: RestartSettings): void {
    this.#unschedule();
    this.#settings = settings;
    this.#policy = this.#newPolicy();
  }

  /** An instance serves: no restart is due. */
  served(): void {
    this.#unschedule();
    this.#policy.served();
  }

  /** An instance is lost, or would not start: remembers why, and makes a restart due where one may help. */
  lost(instance: PluginInstance, { kind, message: reason }: PrismError): Absence {
    const isAttached = instance.namespace.plugin.code.kind === "attached";
    // Behind the socket of an attached plugin another version may come up, and nobody would tell.
    const isRefused = kind === "configRefused" && !isAttached;
    const isAbsent = isAttached && instance.socket === "";
    const outlook = isRefused ? this.#refused() : isAbsent ? this.#absent() : this.#fell();
    this.#absence = { reason, outlook, isRefused };
    return this.#absence;
  }

  /** One that hangs is being replaced, at once. */
  replaced(): void {
    this.#count++;
  }

  /** No restart is due any more, nor ever will be. */
  stop(): void {
    this.#isStopped = true;
    this.#unschedule();
  }

  /** Makes a restart due by the policy, unless one is due already. */
  #fell(): string {
    if (this.#cancel || this.#isStopped) return this.#absence.outlook;
    const { delayMs, isLoop } = this.#policy.fell();
    this.#schedule(delayMs);
    if (!isLoop) return `it is started again in ${Math.round(delayMs)} ms`;
    const { falls, withinMs } = this.#settings.loop;
    return `a crash loop (${falls} falls within ${withinMs / 1000} s): it is tried again in ${delayMs / 1000} s, or at once by \`prism plugin reload\``;
  }

  /** Nobody was there to fall: makes a restart due after the shortest back-off, whatever came before. */
  #absent(): string {
    if (!this.#cancel && !this.#isStopped) this.#schedule(this.#settings.backoffMs);
    return "it is looked for again and again";
  }

  /** The same again would be refused again: no restart is due. */
  #refused(): string {
    this.#unschedule();
    return "it is tried again when its declaration changes, or by `prism plugin reload`";
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#near.clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#count++;
      this.#near.restart();
    });
  }

  #unschedule(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #newPolicy(): RestartPolicy {
    return new RestartPolicy(this.#settings, {
      now: () => this.#near.clock.now(),
      random: this.#near.random,
    });
  }
}
