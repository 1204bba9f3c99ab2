/** The life of a plugin instance: starting → ready → draining → stopped, or failed from any of them. */
export type InstanceState = "starting" | "ready" | "draining" | "stopped" | "failed";

/** How an instance said it fares at its last check. */
export type Health = "HEALTHY" | "DEGRADED" | "UNHEALTHY";

/** What may follow what; held against by the supervisor. */
export const nextStates: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  starting: ["ready", "failed", "stopped"],
  ready: ["draining", "failed", "stopped"],
  draining: ["stopped", "failed"],
  stopped: [],
  failed: [],
};
