/** A tenant's slice of settings and data, as configuration leaves it: checked, defaults filled in, secrets still references. */
export interface Namespace {
  /** a-z, 0-9 and '-', at most 63, begins with a letter. */
  readonly name: string;
  /** What the configuration calls the backend: a name under `plugins:` or a built-in. */
  readonly backend: string;
  readonly plugin: PluginSettings;
  /** The plugin's own settings, passed on as they are. May hold `{{ secret:name }}`. */
  readonly config: JsonObject;
  /** May hold `{{ secret:name }}`; resolved just before Initialize and never kept. */
  readonly credentials: Readonly<Record<string, string>>;
  /** A ceiling on the caller's deadline, and the default where it sent none. 0 = none. */
  readonly deadlineMs: number;
  readonly owner: Owner;
}

/** Who declared a namespace, and so who may change it. */
export type Owner =
  | { readonly kind: "default" }
  | { readonly kind: "applied" }
  | { readonly kind: "file"; readonly file: string; readonly line: number };

/** How a namespace's plugin is run and watched. */
export interface PluginSettings {
  readonly channel: ChannelKind;
  readonly code: PluginCode;
  /** Added to the little that an instance inherits (PATH, HOME, LANG, TZ). */
  readonly env: Readonly<Record<string, string>>;
  /** Shared secret of an attached plugin; a supervised one gets a fresh one each start. Empty = none. */
  readonly token: string;
  /** gRPC services of the plugin's own, by their full names, beside those that it declares itself. */
  readonly services: readonly string[];
  /** From launch to the first HealthCheck answered. */
  readonly startTimeoutMs: number;
  readonly health: HealthSettings;
  readonly restart: RestartSettings;
}

/** How the proxy reaches a plugin. `remote` comes with TLS. */
export type ChannelKind = "sidecar" | "in_process";

/** What runs: a built-in or a JavaScript module by its file, a command, or nothing of ours (attached to a socket). */
export type PluginCode =
  | { readonly kind: "module"; readonly file: string }
  | { readonly kind: "command"; readonly command: readonly [string, ...string[]]; readonly cwd: string }
  | { readonly kind: "attached"; readonly socket: string };

/** When an instance counts as unhealthy. */
export interface HealthSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Checks in a row that must fail. */
  readonly unhealthyAfter: number;
}

/** How a fallen instance comes back: back-off with jitter, and when to call it a crash loop. */
export interface RestartSettings {
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** So many falls within the window are a crash loop. */
  readonly loop: { readonly falls: number; readonly withinMs: number };
}

/** JSON as it comes from YAML. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
