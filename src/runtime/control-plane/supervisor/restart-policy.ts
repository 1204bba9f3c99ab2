import type { RestartSettings } from "../../model/namespace.js";

/** When a fallen instance is to be started again. */
export interface RestartDecision {
  readonly delayMs: number;
  /** It falls again and again: a matter for the operator, and tried again only at the longest back-off. */
  readonly isLoop: boolean;
}

/** Time and chance, for a policy. */
export interface PolicyChance {
  /** Milliseconds that only ever rise. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/**
 * Decides when a fallen instance comes back: exponential back-off with jitter, and a crash loop that ends only when an
 * instance has served for as long as the loop's window.
 */
export class RestartPolicy {
  readonly #settings: RestartSettings;
  readonly #chance: PolicyChance;
  #falls: number[] = [];
  #inRow = 0;
  #servingSince: number | undefined;
  #isLoop = false;

  constructor(settings: RestartSettings, chance: PolicyChance) {
    this.#settings = settings;
    this.#chance = chance;
  }

  /** An instance serves from now on. */
  served(): void {
    this.#servingSince = this.#chance.now();
  }

  /** An instance fell, or would not start. */
  fell(): RestartDecision {
    const { backoffMs, maxBackoffMs, loop } = this.#settings;
    const now = this.#chance.now();
    if (this.#servingSince !== undefined && now - this.#servingSince >= loop.withinMs) this.forget();
    this.#servingSince = undefined;
    this.#inRow++;
    this.#falls = [...this.#falls.filter((at) => now - at < loop.withinMs), now];
    this.#isLoop ||= this.#falls.length >= loop.falls;
    if (this.#isLoop) return { delayMs: maxBackoffMs, isLoop: true };
    const ceiling = Math.min(maxBackoffMs, backoffMs * 2 ** (this.#inRow - 1));
    return { delayMs: ceiling * (0.5 + this.#chance.random() / 2), isLoop: false };
  }

  /** Begins anew, as after a start that the operator asked for. */
  forget(): void {
    this.#falls = [];
    this.#inRow = 0;
    this.#isLoop = false;
  }
}
