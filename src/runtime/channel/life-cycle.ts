import type { LoopDelays } from "../../protocol/index.js";
import type { JsonObject } from "../model/namespace.js";
import type { Health } from "../model/plugin-instance.js";
import type { ServedOperation } from "../model/route-table.js";
import type { DeclaredServices } from "./declared-services.js";

/** Whom to speak to. */
export interface PluginAddress {
  readonly namespace: string;
  readonly socket: string;
  /** The shared secret; empty = none. */
  readonly token: string;
}

/** What a plugin gets to open the namespace with. */
export interface Opening {
  /** What the configuration calls the backend. */
  readonly backend: string;
  readonly config: JsonObject;
  readonly credentials: Readonly<Record<string, string>>;
  /** Texts that it must not repeat in anything that it says. */
  readonly secrets: readonly string[];
  readonly proxyVersion: string;
  /** Refuse a plugin that does not prove that it holds the token. */
  readonly proofRequired: boolean;
  /** gRPC services that the configuration names. Where there are any, a server without the plugin protocol will do. */
  readonly services: readonly string[];
}

/** What a plugin told of itself. */
export interface Opened extends DeclaredServices {
  readonly version: string;
  /** Empty where it did not tell. */
  readonly operations: readonly ServedOperation[];
}

/** How long an answer is waited for, and what ends the wait earlier. */
export interface Deadline {
  readonly ms: number;
  readonly signal?: AbortSignal;
}

/** How a namespace fares, by its plugin's own word. */
export interface HealthReport {
  readonly health: Health;
  /** One sentence, empty when all is well. */
  readonly message: string;
  /** Its backend refuses the credentials that it was given. */
  readonly credentialsRefused: boolean;
  /** How its event loop fares, where it tells. */
  readonly loop?: LoopDelays | undefined;
}
