import type { Log } from "./model/log.js";

/** What has been started, to be ended in the opposite order. */
export class Teardown {
  readonly #log: Log;
  readonly #steps: (() => void | Promise<void>)[] = [];
  #done: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Remembers how to end what was just started. */
  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Ends everything, last things first. A step that fails is told and stops no other. Safe to call twice. */
  run(): Promise<void> {
    this.#done ??= this.#runAll();
    return this.#done;
  }

  async #runAll(): Promise<void> {
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (reason) {
        this.#log.error("something could not be ended in order", { reason: String(reason) });
      }
    }
  }
}
