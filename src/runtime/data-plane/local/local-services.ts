import { PrismError } from "../../../protocol/index.js";
import type { Routes } from "../routes.js";
import { ServingStatuses } from "./serving-statuses.js";
import { Reflection } from "./reflection.js";

/** Calls that Prism answers itself, at once: a watcher for each of as many connections as are taken by default. */
const mostRunning = 10_000;

/** A call that Prism answers itself. */
export interface Running {
  /** Prism is on its way out. */
  shutdown(): void;
}

/** What Prism knows to answer itself, and the calls for which it does. One a data plane. */
export class LocalServices {
  readonly statuses: ServingStatuses;
  readonly reflection: Reflection;
  readonly #running = new Set<Running>();

  constructor(routes: Routes) {
    this.statuses = new ServingStatuses(routes);
    this.reflection = new Reflection(routes);
  }

  /** A call begins. Throws where there are too many. */
  enter(call: Running): void {
    if (this.#running.size >= mostRunning) {
      const message = `Prism itself answers ${mostRunning} calls already, and no more at once: try again later`;
      throw new PrismError("overLimit", message);
    }
    this.#running.add(call);
  }

  /** A call is over. */
  leave(call: Running): void {
    this.#running.delete(call);
  }

  /** From now on nothing is served: watchers are told, and every call is ended. */
  shutdown(): void {
    this.statuses.shutdown();
    for (const call of [...this.#running]) call.shutdown();
  }
}
