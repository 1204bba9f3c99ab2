import { lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Config } from "./config.js";
import { parseConfig, withNamesOf } from "./parse-config.js";
import { aboutTheFile, type ConfigProblem, ConfigProblems } from "./problems.js";
import { readConfig } from "./read-apart.js";
import { UnreadableFile, readText } from "./read-text.js";

/** What to load, and from where. */
export interface LoadRequest {
  /** As the operator named it, relative to `cwd`. Absent: `prism.yaml` in `cwd` if it is there, else the defaults. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What the command line says instead of the file; paths are relative to `cwd`. */
  readonly overrides?: ServerOverrides;
  /** Overrides that an environment variable says, by its name; all others are flags. */
  readonly variables?: Readonly<Partial<Record<keyof ServerOverrides, string>>>;
}

/** Keys of `server:` by their names in the file; what is undefined overrides nothing. */
export interface ServerOverrides {
  readonly listen?: readonly string[] | undefined;
  readonly admin?: string | undefined;
  readonly proxies?: number | string | undefined;
  readonly state_dir?: string | undefined;
}

const usualFile = "prism.yaml";

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
  const text = JSON.stringify({ auth: { insecure: config.insecure }, server });
  const told = placedByFlag(request, () =>
    parseConfig(text, { source: "command line", directory: cwd, env }),
  );
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

/** Runs a check of the overrides; who wrote a flag or a variable knows no line and no key, so problems are told by its name. */
function placedByFlag<T>({ overrides = {}, variables = {} }: LoadRequest, check: () => T): T {
  try {
    return check();
  } catch (reason) {
    if (!(reason instanceof ConfigProblems)) throw reason;
    const names = new Map(
      Object.keys(overrides).map((key) => [
        `server.${key}`,
        variables[key as keyof ServerOverrides] ?? `--${key.replaceAll("_", "-")}`,
      ]),
    );
    throw new ConfigProblems(reason.problems.map((problem) => placedAt(names, problem)));
  }
}

function placedAt(names: ReadonlyMap<string, string>, problem: ConfigProblem): ConfigProblem {
  const name = names.get(problem.path.split(".", 2).join("."));
  return name === undefined ? problem : { ...problem, file: name, line: 0, column: 0, path: "" };
}

async function loadFile({ file, env, cwd }: LoadRequest): Promise<Config> {
  const named = file ?? (isAnything(resolve(cwd, usualFile)) ? usualFile : undefined);
  if (named === undefined) return parseConfig("", { source: usualFile, directory: cwd, env });
  const path = resolve(cwd, named);
  const { text, digest, isRegular } = await readText(path).catch((reason: unknown) => {
    if (!(reason instanceof UnreadableFile)) throw reason;
    throw aboutTheFile(named, reason.message);
  });
  // Nothing lies beside a pipe.
  const directory = isRegular ? dirname(path) : cwd;
  const config = await readConfig(text, { source: named, directory, env, file: path });
  return isRegular ? { ...config, digest } : config;
}

/** Whether a path is that of something, be it a link that leads nowhere: only what is not there means the defaults. */
function isAnything(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // It cannot be told; to read it says why.
    return true;
  }
}
