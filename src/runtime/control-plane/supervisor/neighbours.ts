import type { RoutePublisher } from "../proxies/route-publisher.js";
import type { Clock } from "./clock.js";
import type { InstancesNeighbours } from "./instances.js";

/** What a supervised namespace needs of the rest of the runtime. */
export interface NamespaceNeighbours extends InstancesNeighbours {
  readonly routes: RoutePublisher;
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. */
  readonly random: () => number;
  /** How long an instance that is replaced or removed may finish its calls. */
  readonly drainMs: number;
  /** How long an instance may take to end once it has drained. */
  readonly graceMs: number;
  /** Something that the statuses tell is different now. */
  readonly onChange: (namespace: string) => void;
}
