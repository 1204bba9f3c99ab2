import type { Ledger, Route } from "../../model/route-table.js";

/** What the supervisor asks of the data plane, however many processes it has. */
export interface RoutePublisher {
  /** Sets a namespace's route, or removes it; resolves when every proxy has acknowledged. Generations rise by one. */
  point(namespace: string, route: Route | undefined): Promise<void>;
  /**
   * Waits until no proxy has a call in flight on an instance that no route names any more; after `deadlineMs` those
   * that are left are cut. Resolves with the account over all proxies.
   */
  drain(instance: string, deadlineMs: number): Promise<Ledger & { readonly lost: number }>;
  /** A figure that is another one once an instance's plugin has answered anything; as the proxies told it last. */
  heard(instance: string): number;
  /** The same, asked now; undefined where a proxy does not tell. */
  hear(instance: string): Promise<number | undefined>;
}
