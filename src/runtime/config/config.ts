import type { ChannelKind, Namespace, PluginCode } from "../model/namespace.js";
import type { CorsSettings, WireLimits } from "../model/proxy-messages.js";
import type { HostSettings } from "../model/served-hosts.js";
import type { ClientAuth } from "../model/tls-material.js";
import type { SecretProvider } from "./secrets.js";

/** A whole `prism.yaml`: checked, defaults filled in, paths absolute, secrets still references. */
export interface Config {
  /** The file it was read from; absent where there is none and the defaults serve. */
  readonly file?: string;
  /** SHA-256 of that file as it was read; absent where it cannot be read again, as a pipe, and so is not followed. */
  readonly digest?: string;
  readonly server: ServerSettings;
  /** `auth.insecure`: whoever reaches the clients' port may call, and that is meant, beyond this machine too. */
  readonly insecure: boolean;
  readonly log: LogSettings;
  /** Where `{{ secret:name }}` is looked up, in this order. */
  readonly secrets: readonly SecretProvider[];
  /** What stands under `plugins:`, for namespaces that are applied later. */
  readonly plugins: readonly DeclaredPlugin[];
  readonly namespaces: readonly Namespace[];
}

/** The `server:` section. */
export interface ServerSettings {
  /** Where clients reach the data plane; at least one. */
  readonly listen: readonly ListenAddress[];
  /** Who may open the Unix sockets among these. */
  readonly unixSocket: UnixSocketSettings;
  /** Where operators reach the control plane. */
  readonly admin: ListenAddress;
  /** The names that the clients' port is asked by over HTTP. */
  readonly hosts: HostSettings;
  /** The names that the operators' port is asked by. */
  readonly adminHosts: HostSettings;
  /** The namespace of calls that name none; empty = such calls are refused. */
  readonly defaultNamespace: string;
  /** Data-plane processes; 0 = inside the runtime's own. `auto` is counted out already. */
  readonly proxies: number;
  readonly stateDirectory: string;
  /** How long a stop, or a reload, waits for calls in flight. */
  readonly drainMs: number;
  readonly cors: CorsSettings;
  /** Whose connections begin with a PROXY header; empty = the PROXY protocol is not spoken. */
  readonly proxyProtocol: readonly string[];
  /** Absent = plain text. */
  readonly tls?: TlsSettings;
  readonly limits: WireLimits;
}

/** Who may open the Unix sockets at which clients reach Prism. */
export interface UnixSocketSettings {
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  /** A group's name or number; empty = that of Prism's user. */
  readonly group: string;
}

/** The `server.tls` section: files of PEM, by absolute paths. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  /** Absent where clients are asked for no certificate. */
  readonly clientCa?: string;
  readonly clientAuth: ClientAuth;
}

/** An address to listen on. `text` is how it was written, and what a banner prints. */
export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly text: string }
  | { readonly kind: "unix"; readonly path: string; readonly text: string };

/** The `telemetry.log` section. */
export interface LogSettings {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  /** auto = pretty on a terminal, JSON elsewhere. */
  readonly format: "auto" | "pretty" | "json";
}

/** An entry under `plugins:`; a namespace's `backend` may name it. */
export interface DeclaredPlugin {
  readonly name: string;
  /** The home a namespace gets when it names none. */
  readonly channel?: ChannelKind;
  readonly code: PluginCode;
}
