import type { InstanceState } from "../model/plugin-instance.js";
import { exposeFamily, lineOf } from "./metric-family.js";
import type { InstanceStatus } from "./supervisor/status.js";

const states: readonly InstanceState[] = ["starting", "ready", "draining", "stopped", "failed"];

/** How plugin instances fare, for Prometheus. */
export async function exposeInstances(instances: readonly InstanceStatus[]): Promise<Buffer> {
  const name = "prism_plugin_state";
  const restarts = "prism_plugin_restarts_total";
  return Buffer.concat([
    await exposeFamily<InstanceStatus>({
      name,
      help: "1 for the state that a plugin instance is in, 0 for the others.",
      type: "gauge",
      rows: instances,
      linesOf: ({ namespace, plugin, id, state: current }) =>
        states.map((state) =>
          lineOf(name, { namespace, plugin, instance: id, state }, current === state ? 1 : 0),
        ),
    }),
    await exposeFamily<readonly [string, number]>({
      name: restarts,
      help: "Plugin instances that fell and were started again, by namespace.",
      type: "counter",
      rows: new Map(instances.map((instance) => [instance.namespace, instance.restarts])),
      linesOf: ([namespace, count]) => [lineOf(restarts, { namespace }, count)],
    }),
  ]);
}
