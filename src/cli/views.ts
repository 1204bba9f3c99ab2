import type {
  GetStatusResponse,
  Ledger,
  Namespace,
  NamespaceChange,
  PluginInstance,
  ReloadPluginResponse,
} from "../protocol/gen/prism/admin/v1/admin_pb.js";
import type { Plain } from "./plain.js";

/** A namespace, desired and observed. */
export type NamespaceView = Plain<Namespace>;
/** What applying does to one namespace; `kind` is "unchanged", "create", "live" or "reload". */
export type ChangeView = Plain<NamespaceChange>;
/** A plugin instance; `state` is "starting", "ready", "draining", "stopped" or "failed". */
export type InstanceView = Plain<PluginInstance>;
/** One step of a reload: "queued", "launch", "initialize", "health check", "point", "drain", "shutdown" or "done". */
export type ReloadStep = Plain<ReloadPluginResponse>;
/** The account of one instance's calls. */
export type LedgerView = Plain<Ledger>;
/** The runtime at a glance. */
export type StatusView = Plain<GetStatusResponse>;
