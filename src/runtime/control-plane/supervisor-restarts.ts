import type { RestartSettings } from "../model/namespace.js";
import { RestartPolicy } from "./restart-policy.js";
import type { Clock } from "./supervisor-clock.js";

/** Time, chance, and what a restart is. */
export interface RestartNeighbours {
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Starts again. */
  readonly restart: () => void;
}

/** The restarts of one namespace: how many there were, and the one that is due. */
export class Restarts {
  readonly #near: RestartNeighbours;
  #settings: RestartSettings;
  #policy: RestartPolicy;
  #cancel: (() => void) | undefined;
  #count = 0;
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

  /** An instance fell or would not start: makes a restart due, and says when, as the end of a sentence. Empty where one is due already. */
  fell(): string {
    if (this.#cancel || this.#isStopped) return "";
    const { delayMs, isLoop } = this.#policy.fell();
    this.#schedule(delayMs);
    if (!isLoop) return `; it is started again in ${Math.round(delayMs)} ms`;
    const { falls, withinMs } = this.#settings.loop;
    return `; a crash loop (${falls} falls within ${withinMs / 1000} s): it is tried again in ${delayMs / 1000} s, or at once by \`prism plugin reload\``;
  }

  /** Nobody was there to fall: makes a restart due after the shortest back-off, whatever came before. */
  absent(): string {
    if (!this.#cancel && !this.#isStopped) this.#schedule(this.#settings.backoffMs);
    return "; it is looked for again and again";
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
