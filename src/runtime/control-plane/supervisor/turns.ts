import { PrismError } from "../../../protocol/index.js";

/** Runs one thing after another, in the order asked. */
export class Turns {
  readonly #most: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** At most so many may run or wait; beyond that they are refused. */
  constructor(most = 100) {
    this.#most = most;
  }

  /** Whether something runs or waits. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves when all that was asked so far is over. */
  get over(): Promise<unknown> {
    return this.#last;
  }

  /** Runs an act when all that were asked before it are over, however they ended. */
  run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#most) {
      const sentence = `${this.#most} changes of this namespace wait already: ask again when they are done`;
      return Promise.reject(new PrismError("overLimit", sentence));
    }
    this.#waiting++;
    const turn = this.#last.then(act).finally(() => this.#waiting--);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
