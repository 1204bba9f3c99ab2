import type { ChannelKind, Namespace } from "../../model/namespace.js";
import type { Health, InstanceState } from "../../model/plugin-instance.js";

/** One plugin instance, as an operator sees it. */
export interface InstanceStatus {
  /** Unique within the runtime: "orders-3". */
  readonly id: string;
  readonly namespace: string;
  /** What the configuration calls the plugin. */
  readonly plugin: string;
  /** As the plugin told, empty before. */
  readonly version: string;
  readonly channel: ChannelKind;
  readonly state: InstanceState;
  /** Why it is in that state, where that needs saying. */
  readonly reason: string;
  /** 0 where it has no process of its own. */
  readonly pid: number;
  /** How often the namespace's instance was restarted since the namespace began. */
  readonly restarts: number;
  /** Its own word at the last check, undefined before the first. */
  readonly health: Health | undefined;
}

/** One namespace, desired and observed. */
export interface NamespaceStatus {
  /** As it is declared; credentials are references still. */
  readonly namespace: Namespace;
  /** Whether calls are routed to an instance. */
  readonly ready: boolean;
  /** What the instance that serves said at its last check; undefined where none serves. */
  readonly health: Health | undefined;
  /** Why not, where they are not; and what the plugin says where it is not well. For operators: it may quote the plugin. */
  readonly reason: string;
  /** What comes next, where nobody serves: "it is started again in 200 ms". */
  readonly outlook: string;
  /** Nobody serves as the plugin refuses the configuration: only another one helps. */
  readonly isRefused: boolean;
  /** Empty where the plugin did not tell. */
  readonly operations: readonly string[];
  /** Where in its config secrets stand, as its plugin told; empty where it has not told. */
  readonly secretConfig: readonly string[];
}

/** Why a namespace is as it is, and what comes next. */
export function stateSentence({ reason, outlook }: Pick<NamespaceStatus, "reason" | "outlook">): string {
  return [reason, outlook].filter(Boolean).join("; ");
}
