import type { DescFile } from "@bufbuild/protobuf";
import type { z } from "zod";
import { checkConfig } from "./check-config.js";
import type { Log } from "./log.js";
import type { Operation } from "./operation.js";

/** A plugin as its author writes it. */
export interface PluginDefinition<Config extends z.ZodType> {
  /** Such as "sqlite". */
  readonly name: string;
  /** Such as "1.4.0". */
  readonly version: string;
  /** Holds the namespace's `config` section true before `open` runs. Use `z.strictObject`, so that misspelled keys are told. */
  readonly config: Config;
  /**
   * Where in it secrets stand: paths of keys, as "password" or "servers.*.key", where * is any key or entry. Prism hides
   * what stands there wherever it shows the declaration; it and the SDK hide it in all that the plugin says.
   */
  readonly secretConfig?: readonly string[];
  /**
   * Opens one namespace: connect, create what is needed. Called once per namespace; a process may serve several.
   * What it throws is told to the operator, so throw a PluginError with a sentence of what to do.
   */
  open(context: OpenContext<z.output<Config>>): OpenNamespace | Promise<OpenNamespace>;
}

/** What a plugin gets to open a namespace with. */
export interface OpenContext<Config> {
  readonly namespace: string;
  readonly config: Config;
  /** Secrets resolved. Never log them. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Where files of this namespace may be kept; exists only once the plugin makes it. */
  readonly dataDirectory: string;
  readonly log: Log;
  /** Aborts when Prism no longer waits for the namespace to open. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. Ask it rather than `Date.now`, so that a test can move time. */
  readonly now: () => number;
}

/** A namespace that a plugin serves. */
export interface OpenNamespace {
  /** By the names that callers use. */
  readonly operations: Readonly<Record<string, Operation>>;
  /**
   * gRPC services of the plugin's own, by their full names, and their methods by theirs: made by `unary` and `streaming`
   * as operations are. Clients call them through Prism with `prism-namespace`.
   */
  readonly services?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  /** The proto files in which these services stand, for server reflection. */
  readonly files?: readonly DescFile[];
  /** How it fares; asked every few seconds. Absent = HEALTHY. Must not hang on a backend that is away; what it throws is UNHEALTHY. */
  check?(signal: AbortSignal): Health | Promise<Health>;
  /** Frees everything. Called once, when no operation runs any more or the grace period is over. */
  close?(): void | Promise<void>;
}

/** How a namespace fares. */
export interface Health {
  readonly status: "HEALTHY" | "DEGRADED" | "UNHEALTHY";
  /** One sentence, where all is not well. */
  readonly message?: string;
  /** For the operator, such as `{ server_version: "15.4" }`. */
  readonly details?: Readonly<Record<string, string>>;
  readonly counters?: BackendCounters;
  /** The backend refuses the credentials: Prism looks its secrets up again and, where they are others by now, opens the namespace anew. */
  readonly credentialsRefused?: boolean;
}

/** What only the plugin can count; the SDK counts requests, failures and latency. */
export interface BackendCounters {
  readonly connectionsActive?: number;
  readonly connectionsIdle?: number;
  readonly queriesExecuted?: number;
  readonly cacheHits?: number;
  readonly cacheMisses?: number;
}

/** A plugin ready to be served: {@link definePlugin} makes it, `serve` and the host take it. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** See {@link PluginDefinition.secretConfig}; absent = none. */
  readonly secretConfig?: readonly string[];
  /** Checks the config, every problem at once, then opens. */
  open(context: OpenContext<unknown>): Promise<OpenNamespace>;
}

/** Makes a plugin. A plugin's module exports it as its default. */
export function definePlugin<Config extends z.ZodType>(definition: PluginDefinition<Config>): Plugin {
  return {
    name: definition.name,
    version: definition.version,
    secretConfig: definition.secretConfig ?? [],
    open: async (context) =>
      definition.open({ ...context, config: checkConfig(definition.config, context.config) }),
  };
}
