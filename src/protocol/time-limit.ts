/** What setTimeout counts to; it fires at once for more. */
const longestMs = 2 ** 31 - 1;

/**
 * Aborts its signal after so many milliseconds, or earlier with another signal; Infinity = only with the other. Its timer
 * and its listener are held until `end`, which whoever made it calls once the wait is over. (A signal of
 * `AbortSignal.timeout` that is passed through `AbortSignal.any` may be collected, and then never fires.)
 * The process is not kept alive for it.
 */
export class TimeLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #earlier: AbortSignal | undefined;
  readonly #follow = (): void => this.abort(this.#earlier?.reason);
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, earlier?: AbortSignal) {
    this.#earlier = earlier;
    if (earlier?.aborted) {
      this.#controller.abort(earlier.reason);
      return;
    }
    earlier?.addEventListener("abort", this.#follow, { once: true });
    if (ms !== Infinity) this.#timer = setTimeout(() => this.#expire(), Math.min(ms, longestMs)).unref();
  }

  /** Aborts with a DOMException called TimeoutError where the time is over, and with the other signal's reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts it now, with a reason of the caller's. */
  abort(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
  }

  /** The wait is over: the signal does not abort any more, if it has not. Safe to call twice. */
  end(): void {
    clearTimeout(this.#timer);
    this.#earlier?.removeEventListener("abort", this.#follow);
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #expire(): void {
    this.abort(new DOMException("The time is over", "TimeoutError"));
  }
}
