import type { HealthReport } from "../../channel/index.js";
import type { HealthSettings } from "../../model/namespace.js";
import type { Clock } from "./clock.js";

/** What a monitor asks, and whom it tells. */
export interface Monitored {
  readonly settings: HealthSettings;
  readonly clock: Clock;
  /** One check that rejects when no answer came within so many milliseconds. */
  check(timeoutMs: number): Promise<HealthReport>;
  /** A figure that is another one once the instance has answered any call; as it was last known. */
  heard(): number;
  /** The same, asked now; undefined where nobody can tell. */
  hear(): Promise<number | undefined>;
  /** The instance answered. UNHEALTHY is an answer too: its backend may come back without it being restarted. */
  onReport(report: HealthReport): void;
  /**
   * So many checks in a row, one an interval, had no answer, nor had any call between them, that the instance counts as
   * hung. Told once; the monitor has stopped.
   */
  onUnhealthy(reason: string): void;
}

/** However many ask for a check at once, an instance is not asked more often. */
const leastGapMs = 100;

/**
 * Asks one instance again and again how it fares. One that answers calls is busy, not hung, however late it is with its
 * health: such a check is no miss.
 */
export class HealthMonitor {
  readonly #of: Monitored;
  #cancel: (() => void) | undefined;
  #misses = 0;
  /** What was heard of it when it was last known to live, or last missed. */
  #heard: number;
  #isChecking = false;
  /** The interval is over: the check that runs may count as a miss. */
  #isDue = false;
  #checkedAt = -Infinity;
  #isStopped = false;

  constructor(of: Monitored) {
    this.#of = of;
    this.#heard = of.heard();
    this.#schedule();
  }

  /**
   * Checks at once, beside the checks that come with time, as when a proxy could not reach the instance. An answer is
   * told; that none comes counts for nothing, or a storm of calls could hurry an instance to its end.
   */
  checkNow(): void {
    if (this.#isStopped || this.#isChecking || this.#of.clock.now() - this.#checkedAt < leastGapMs) return;
    void this.#check();
  }

  /** Asks no more. Safe to call twice. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#of.clock.after(this.#of.settings.intervalMs, () => {
      this.#isDue = true;
      if (!this.#isChecking) void this.#check();
    });
  }

  async #check(): Promise<void> {
    const { settings } = this.#of;
    this.#isChecking = true;
    try {
      const report = await this.#of.check(settings.timeoutMs);
      this.#misses = 0;
      this.#heard = this.#of.heard();
      if (!this.#isStopped) this.#of.onReport(report);
    } catch (reason) {
      if (this.#isDue) await this.#miss(reason);
    } finally {
      this.#isChecking = false;
      this.#checkedAt = this.#of.clock.now();
      if (this.#isDue && !this.#isStopped) this.#schedule();
      this.#isDue = false;
    }
  }

  async #miss(reason: unknown): Promise<void> {
    const heard = await this.#of.hear();
    const isSilent = heard === this.#heard;
    this.#misses = isSilent ? this.#misses + 1 : 0;
    this.#heard = heard ?? this.#heard;
    if (this.#isStopped || this.#misses < this.#of.settings.unhealthyAfter) return;
    this.stop();
    this.#of.onUnhealthy(this.#sentence(reason));
  }

  #sentence(reason: unknown): string {
    const last = reason instanceof Error ? reason.message : String(reason);
    return `missed ${this.#misses} health checks in a row: ${last}`;
  }
}
