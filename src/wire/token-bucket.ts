/** So much at once, so much a second, and what work earns beyond that. Asks for the time only when it has run dry. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = burst;
    this.#filledAt = now();
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    if (this.#left < 1) this.#fill();
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Puts so many back, up to a full bucket. */
  earn(tokens: number): void {
    this.#left = Math.min(this.#burst, this.#left + tokens);
  }

  #fill(): void {
    const now = this.#now();
    this.earn(((now - this.#filledAt) * this.#perSecond) / 1000);
    this.#filledAt = now;
  }
}
