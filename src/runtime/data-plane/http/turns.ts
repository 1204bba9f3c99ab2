/** So much of a turn of the event loop work may take, all of it together. A piece that has begun is not cut. */
const mostMs = 10;

/**
 * Shares the event loop between pieces of work: so much of them in a turn, first come first served, so that whoever
 * brings much work waits, and others' calls do not. Each who waits has one piece here, so there are no more of them than
 * exchanges.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  /** When this turn's first piece began; undefined where there was none yet. */
  #begunAt: number | undefined;

  /** Runs a piece of work of some milliseconds at most: now, where this turn has time for it, else in a later one. */
  run<T>(work: () => T): T | Promise<T> {
    if (this.#waiting.length === 0 && this.#hasTime()) return work();
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(work());
        } catch (reason) {
          reject(reason instanceof Error ? reason : new Error(String(reason)));
        }
      });
    });
  }

  #hasTime(): boolean {
    const now = performance.now();
    if (this.#begunAt !== undefined) return now - this.#begunAt < mostMs;
    this.#begin(now);
    return true;
  }

  #begin(now: number): void {
    this.#begunAt = now;
    setImmediate(this.#next);
  }

  /** A new turn, for those who wait. */
  readonly #next = (): void => {
    this.#begunAt = undefined;
    for (let work; (work = this.#waiting.shift());) {
      work();
      if (!this.#hasTime()) return;
    }
  };
}
