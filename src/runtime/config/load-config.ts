import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import type { Config, ListenAddress, ServerSettings, TlsSettings } from "./config.js";
import type { HostSettings } from "../model/served-hosts.js";
import { type ConfigEntry, configSchema } from "./config-schema.js";
import { examine } from "./examine.js";
import { toWireLimits } from "./limits-schema.js";
import { ConfigProblems } from "./problems.js";
import { UnreadableFile, readText } from "./read-text.js";
import type { SecretProvider } from "./secrets.js";

/** What to load, and from where. */
export interface LoadRequest {
  /** As the operator named it, relative to `cwd`. Absent: `prism.yaml` in `cwd` if it is there, else the defaults. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What the command line says instead of the file; paths are relative to `cwd`. */
  readonly overrides?: ServerOverrides;
}

/** Keys of `server:` by their names in the file; what is undefined overrides nothing. */
export interface ServerOverrides {
  readonly listen?: readonly string[] | undefined;
  readonly admin?: string | undefined;
  readonly proxies?: number | string | undefined;
  readonly state_dir?: string | undefined;
}

const usualFile = "prism.yaml";
const usualNamespaces = "namespaces: [{ name: default, backend: sqlite }]\n";

/**
 * Loads what `prism serve` serves. Rejects with {@link ConfigProblems}, which tells every problem at once. Where no
 * namespaces are declared there is one, `default`, on SQLite.
 */
export async function loadConfig(request: LoadRequest): Promise<Config> {
  const config = await loadFile(request);
  const { overrides = {}, env, cwd } = request;
  // JSON is YAML, so what the command line says is held to all that a file is, beside what the file says of TLS.
  const { tls } = config.server;
  const server = { ...overrides, ...(tls && { tls: { cert: tls.cert, key: tls.key } }) };
  const told = parseConfig(JSON.stringify({ auth: { insecure: config.insecure }, server }), {
    source: "command line",
    directory: cwd,
    env,
  });
  const { listen, admin, proxies, stateDirectory } = told.server;
  const { hosts, adminHosts } = config.server;
  const overridden = {
    ...config.server,
    ...(overrides.listen && { listen, hosts: withNamesOf(listen, hosts) }),
    ...(overrides.admin && { admin, adminHosts: withNamesOf([admin], adminHosts) }),
    ...(overrides.proxies !== undefined && { proxies }),
    ...(overrides.state_dir && { stateDirectory }),
  };
  return { ...config, server: overridden };
}

async function loadFile({ file, env, cwd }: LoadRequest): Promise<Config> {
  const named = file ?? (existsSync(resolve(cwd, usualFile)) ? usualFile : undefined);
  if (named === undefined) return parseConfig("", { source: usualFile, directory: cwd, env });
  const path = resolve(cwd, named);
  const { text, digest, isRegular } = await readText(path).catch((reason: unknown) => {
    if (!(reason instanceof UnreadableFile)) throw reason;
    throw aboutTheFile(named, reason.message);
  });
  // Nothing lies beside a pipe.
  const directory = isRegular ? dirname(path) : cwd;
  const config = parseConfig(text, { source: named, directory, env, file: path });
  return isRegular ? { ...config, digest } : config;
}

function aboutTheFile(file: string, message: string): ConfigProblems {
  return new ConfigProblems([{ file, line: 0, column: 0, path: "", message }]);
}

interface Origin {
  readonly source: string;
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: string;
}

function parseConfig(text: string, origin: Origin): Config {
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
  { source, directory, env }: Origin,
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
    ...(server.tls && { tls: toTlsSettings(server.tls, directory) }),
    limits: toWireLimits(server.limits),
  };
}

function toHosts(told: readonly string[] | null | undefined, listen: readonly ListenAddress[]): HostSettings {
  return withNamesOf(listen, { names: told ?? [], overTls: Boolean(told) });
}

/** Who is listened on by a name is asked by it. */
function withNamesOf(listen: readonly ListenAddress[], { names, overTls }: HostSettings): HostSettings {
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
