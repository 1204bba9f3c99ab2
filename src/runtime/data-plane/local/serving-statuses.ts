import { HealthCheckResponse_ServingStatus as Status } from "../../../protocol/gen/grpc/health/v1/health_pb.js";
import type { Routes } from "../route/routes.js";

/** Who is told when a status may have changed. */
export interface StatusListener {
  onStatus(): void;
}

/** What is served, in the terms of grpc.health.v1: "" is the proxy itself, any other name is a namespace's. */
export class ServingStatuses {
  readonly #routes: Routes;
  readonly #listeners = new Set<StatusListener>();
  #isStopping = false;

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** The status of a service; SERVICE_UNKNOWN where there is none of that name. */
  of(service: string): Status {
    const { routes } = this.#routes.table;
    const route = Object.hasOwn(routes, service) ? routes[service] : undefined;
    if (service !== "" && !route) return Status.SERVICE_UNKNOWN;
    if (this.#isStopping) return Status.NOT_SERVING;
    const isServed = service === "" || (route?.instance !== undefined && !route.isUnhealthy);
    return isServed ? Status.SERVING : Status.NOT_SERVING;
  }

  /** Every service's name: as many as there are, or a few more than so many. */
  names(most: number): string[] {
    const names = [""];
    for (const name in this.#routes.table.routes) if (names.push(name) > most) break;
    return names;
  }

  /** The listener is told of changes, from now on. */
  watch(listener: StatusListener): void {
    this.#listeners.add(listener);
  }

  /** … and no more. */
  leave(listener: StatusListener): void {
    this.#listeners.delete(listener);
  }

  /** Routes are by another table. */
  tableChanged(): void {
    for (const listener of this.#listeners) listener.onStatus();
  }

  /** From now on nothing is served. */
  shutdown(): void {
    this.#isStopping = true;
  }
}
