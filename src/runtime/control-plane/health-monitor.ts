import type { HealthReport } from "../channel/index.js";
import type { HealthSettings } from "../model/namespace.js";
import type { Clock } from "./supervisor-clock.js";

/** What a monitor asks, and whom it tells. */
export interface Monitored {
  readonly settings: HealthSettings;
  readonly clock: Clock;
  /** One check that rejects when no answer came within so many milliseconds. */
  check(timeoutMs: number): Promise<HealthReport>;
  /** The instance answered. UNHEALTHY is an answer too: its backend may come back without it being restarted. */
  onReport(report: HealthReport): void;
  /** So many checks in a row had no answer that the instance counts as hung. Told once; the monitor has stopped. */
  onUnhealthy(reason: string): void;
}

/** However many ask for a check at once, an instance is not asked more often. */
const leastGapMs = 100;

/** Asks one instance again and again how it fares. */
export class HealthMonitor {
  readonly #of: Monitored;
  #cancel: (() => void) | undefined;
  #misses = 0;
  #isChecking = false;
  #checkedAt = -Infinity;
  #isStopped = false;

  constructor(of: Monitored) {
    this.#of = of;
    this.#schedule();
  }

  /** Checks at once rather than when it is time, as when a proxy could not reach the instance. */
  checkNow(): void {
    if (this.#isStopped || this.#isChecking || this.#of.clock.now() - this.#checkedAt < leastGapMs) return;
    this.#cancel?.();
    void this.#check();
  }

  /** Asks no more. Safe to call twice. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#of.clock.after(this.#of.settings.intervalMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    const { settings } = this.#of;
    this.#isChecking = true;
    try {
      const report = await this.#of.check(settings.timeoutMs);
      this.#misses = 0;
      if (!this.#isStopped) this.#of.onReport(report);
    } catch (reason) {
      this.#misses++;
      if (this.#isStopped) return;
      if (this.#misses >= settings.unhealthyAfter) {
        this.stop();
        this.#of.onUnhealthy(this.#sentence(reason));
      }
    } finally {
      this.#isChecking = false;
      this.#checkedAt = this.#of.clock.now();
      if (!this.#isStopped) this.#schedule();
    }
  }

  #sentence(reason: unknown): string {
    const last = reason instanceof Error ? reason.message : String(reason);
    return `missed ${this.#misses} health checks in a row: ${last}`;
  }
}
