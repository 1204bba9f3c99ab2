import { type LoopDelays, sumDelays } from "../../../protocol/index.js";
import type { Namespace } from "../../model/namespace.js";
import { type InstanceNeighbours, PluginInstance } from "./plugin-instance.js";
import type { InstanceStatus } from "./status.js";

/** What making an instance takes. */
export interface InstancesNeighbours extends InstanceNeighbours {
  /** Makes an instance's id, never the same twice. */
  readonly nextId: (namespace: string) => string;
}

/** The instances of one namespace: all that have not ended, and the last one where it failed. */
export class NamespaceInstances {
  readonly #near: InstancesNeighbours;
  readonly #all = new Set<PluginInstance>();
  /** How the loops of those fared that are forgotten, so that no figure ever goes down. */
  #endedLoop: LoopDelays | undefined;

  #toldBefore: readonly string[] = [];

  constructor(near: InstancesNeighbours) {
    this.#near = near;
  }

  /** Makes one that is not started yet; what failed before it is forgotten. */
  create(namespace: Namespace): PluginInstance {
    this.forgetFailed();
    const instance = new PluginInstance(this.#near.nextId(namespace.name), namespace, this.#near);
    this.#all.add(instance);
    return instance;
  }

  forget(instance: PluginInstance): void {
    if (!this.#all.delete(instance)) return;
    this.#endedLoop = sumOf(this.#endedLoop, instance.loop);
    this.#toldBefore = instance.secretConfig ?? this.#toldBefore;
  }

  forgetFailed(): void {
    for (const instance of this.#all) if (instance.state === "failed") this.forget(instance);
  }

  /** How the event loops of all that ever were fared, as they told; undefined where none did. */
  loop(): LoopDelays | undefined {
    return sumOf(this.#endedLoop, ...[...this.#all].map(({ loop }) => loop));
  }

  /** Where in the config secrets stand, as the latest told that has told. */
  get secretConfig(): readonly string[] {
    const told = [...this.#all].map(({ secretConfig }) => secretConfig);
    return told.findLast((paths) => paths !== undefined) ?? this.#toldBefore;
  }

  /** As an operator sees them. */
  statuses(restarts: number): InstanceStatus[] {
    return [...this.#all].map(({ id, namespace, version, state, reason, pid, health }) => {
      const { name, backend, plugin } = namespace;
      const what = { id, namespace: name, plugin: backend, version, channel: plugin.channel };
      return { ...what, state, reason, pid, health, restarts };
    });
  }

  /** Ends them all within the deadline. */
  async shutdown(graceMs: number): Promise<void> {
    await Promise.all([...this.#all].map((instance) => instance.shutdown({ graceMs })));
  }
}

function sumOf(...told: readonly (LoopDelays | undefined)[]): LoopDelays | undefined {
  const known = told.filter((loop) => loop !== undefined);
  return known.length === 0 ? undefined : sumDelays(known);
}
