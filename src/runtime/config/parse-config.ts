import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Config, ListenAddress, ServerSettings, TlsSettings } from "./config.js";
import type { HostSettings } from "../model/served-hosts.js";
import { type ConfigEntry, configSchema } from "./config-schema.js";
import { examine } from "./examine.js";
import { toWireLimits } from "./limits-schema.js";
import { aboutTheFile } from "./problems.js";
import type { SecretProvider } from "./secrets.js";

const usualNamespaces = "namespaces: [{ name: default, backend: sqlite }]\n";

/** Where a configuration comes from. */
export interface ConfigOrigin {
  /** What to call it in problems. */
  readonly source: string;
  /** Where relative paths begin. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent where it is no file. */
  readonly file?: string;
}

/** A whole configuration of a text; throws {@link ConfigProblems} with all that is wrong with it. */
export function parseConfig(text: string, origin: ConfigOrigin): Config {
  const { source, directory, file } = origin;
  const { entry, isEmpty, plugins, namespaces } = examine({
    ...origin,
    text,
    schema: configSchema,
    plugins: [],
    ownerAt: (line) => ({ kind: "file", file: file ?? source, line }),
  });
  // Whoever writes it may have been killed half-way, or the disk may be full: nobody meant that.
  if (isEmpty && file !== undefined)
    throw aboutTheFile(
      source,
      "expected a configuration, got an empty file; write what is to be served (`namespaces: []` for nothing), or start without a file for the defaults",
    );
  return {
    ...(file === undefined ? {} : { file }),
    server: toServerSettings(entry.server, directory),
    insecure: entry.auth.insecure,
    log: entry.telemetry.log,
    secrets: entry.secrets.flatMap((provider) => toSecretProvider(provider, directory)),
    plugins,
    namespaces: entry.namespaces ? namespaces : defaultNamespaces(origin, plugins),
  };
}

function defaultNamespaces(
  { source, directory, env }: ConfigOrigin,
  plugins: Config["plugins"],
): Config["namespaces"] {
  const { namespaces } = examine({
    text: usualNamespaces,
    source,
    directory,
    env,
    schema: configSchema,
    plugins,
    ownerAt: () => ({ kind: "default" }),
  });
  return namespaces;
}

function toServerSettings(server: ConfigEntry["server"], directory: string): ServerSettings {
  const { cors } = server;
  return {
    listen: server.listen.map((address) => toAddress(address, directory)),
    admin: toAddress(server.admin, directory),
    hosts: toHosts(server.hosts, server.listen),
    adminHosts: toHosts(server.admin_hosts, [server.admin]),
    defaultNamespace: server.default_namespace ?? "",
    proxies: server.proxies === "auto" ? Math.max(1, availableParallelism() - 1) : server.proxies,
    stateDirectory: resolve(directory, server.state_dir),
    drainMs: server.drain_ms,
    cors: { origins: cors.origins, maxAgeMs: cors.max_age_ms, credentials: cors.credentials },
    proxyProtocol: server.proxy_protocol,
    unixSocket: { mode: parseInt(server.unix_mode, 8), group: server.unix_group ?? "" },
    ...(server.tls && { tls: toTlsSettings(server.tls, directory) }),
    limits: toWireLimits(server.limits),
  };
}

function toHosts(told: readonly string[] | null | undefined, listen: readonly ListenAddress[]): HostSettings {
  return withNamesOf(listen, { names: told ?? [], overTls: Boolean(told) });
}

/** Who is listened on by a name is asked by it. */
export function withNamesOf(
  listen: readonly ListenAddress[],
  { names, overTls }: HostSettings,
): HostSettings {
  const listened = listen.flatMap((address) => (address.kind === "tcp" ? [address.host.toLowerCase()] : []));
  return { names: [...new Set([...names, ...listened])], overTls };
}

type TlsSection = NonNullable<ConfigEntry["server"]["tls"]>;

function toTlsSettings(section: TlsSection, directory: string): TlsSettings {
  const { cert, key, client_ca: clientCa, client_auth: clientAuth } = section;
  return {
    cert: resolve(directory, cert),
    key: resolve(directory, key),
    ...(clientCa === undefined ? {} : { clientCa: resolve(directory, clientCa) }),
    clientAuth: clientCa === undefined ? "none" : clientAuth,
  };
}

function toAddress(address: ListenAddress, directory: string): ListenAddress {
  if (address.kind === "tcp") return address;
  const path = resolve(directory, address.path);
  return { kind: "unix", path, text: `unix:${path}` };
}

function toSecretProvider(
  { env, files }: ConfigEntry["secrets"][number],
  directory: string,
): SecretProvider[] {
  if (env !== undefined) return [{ kind: "env", prefix: env }];
  return files === undefined ? [] : [{ kind: "files", directory: resolve(directory, files) }];
}
