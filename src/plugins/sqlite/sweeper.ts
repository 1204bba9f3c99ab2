import type { Log } from "../../sdk/index.js";

/** Sweeps now and then, never twice at once. */
export class Sweeper {
  readonly #sweep: () => Promise<boolean>;
  readonly #timer: NodeJS.Timeout;
  readonly #log: Log;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** `sweep` frees a little and tells whether there may be more. */
  constructor(sweep: () => Promise<boolean>, intervalMs: number, log: Log) {
    this.#sweep = sweep;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#running ??= this.#run();
    }, intervalMs).unref();
  }

  /** Resolves once nothing is swept any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#sweep()));
    } catch (reason) {
      this.#log.warn("expired keys could not be swept out", { reason: String(reason) });
    } finally {
      this.#running = undefined;
    }
  }
}
