import { PrismError } from "../../../protocol/index.js";
import type { WireLimits } from "../../model/proxy-messages.js";
import type { Routes } from "../route/routes.js";
import { ServingStatuses } from "./serving-statuses.js";
import { Reflection } from "./reflection.js";

/** What the calls that Prism answers itself keep to of `server.limits`. */
export type LocalLimits = Pick<WireLimits, "localCalls" | "localMessageBytes">;

/** A call that Prism answers itself. */
export interface Running {
  /** Prism is on its way out. */
  shutdown(): void;
}

/** What Prism knows to answer itself, and the calls for which it does. One a data plane. */
export class LocalServices {
  readonly statuses: ServingStatuses;
  readonly reflection: Reflection;
  readonly limits: LocalLimits;
  readonly #running = new Set<Running>();

  constructor(routes: Routes, limits: LocalLimits) {
    this.limits = limits;
    this.statuses = new ServingStatuses(routes);
    this.reflection = new Reflection(routes);
  }

  /** A call begins. Throws where there are too many. */
  enter(call: Running): void {
    const { localCalls } = this.limits;
    if (this.#running.size >= localCalls) {
      const limit = "server.limits.local_calls";
      const message = `Prism itself answers as many calls already as ${limit} allows at once (${localCalls}): try again later`;
      throw new PrismError("overLimit", message, { info: { limit } });
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
