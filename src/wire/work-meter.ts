/** A token bucket: so much at once, so much a second. Time is told, not asked, so that a test can move it. */
export class WorkMeter {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #lastMs = 0;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** Takes one; false when none is left. */
  take(nowMs: number): boolean {
    const earned = ((nowMs - this.#lastMs) * this.#perSecond) / 1000;
    this.#left = Math.min(this.#burst, this.#left + earned);
    this.#lastMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
