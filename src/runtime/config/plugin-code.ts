import { accessSync, constants, statSync } from "node:fs";
import { delimiter, extname, isAbsolute, join, resolve } from "node:path";
import { installed } from "../model/installed.js";
import { systemCodeOf, systemProblem } from "../../protocol/index.js";
import type { PluginCode } from "../model/namespace.js";

/** The backends that come with Prism. */
export const builtInBackends = ["sqlite", "memory", "postgres"] as const;

/** The backends that will come with Prism. */
export const laterBackends = ["redis", "kafka", "nats", "clickhouse", "s3", "minio", "memcached"] as const;

/** Where relative paths begin, and which PATH is searched. */
export interface Surroundings {
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Code that is there, or a sentence of why not. */
export type Found = { readonly code: PluginCode } | { readonly why: string };

/** A built-in backend's built module, which plain Node.js runs as a plugin. The same from source and from dist. */
export function findBuiltIn(name: string): { readonly code: PluginCode } | undefined {
  if (!builtInBackends.some((builtIn) => builtIn === name)) return undefined;
  return { code: { kind: "module", file: installed(`dist/plugins/${name}/index.js`) } };
}

/** A library by its path. Only JavaScript modules can be loaded so far. */
export function findLibrary(library: string, { directory }: Surroundings): Found {
  const file = resolve(directory, library);
  const seen = lookAt(file);
  if (typeof seen === "string") return { why: `${file} cannot be looked at: ${seen}` };
  if (!seen) return { why: `no library "${library}": looked for ${file}; put it there or give its path` };
  const kind = extname(file);
  if ([".js", ".mjs", ".cjs"].includes(kind)) return { code: { kind: "module", file } };
  if ([".so", ".wasm"].includes(kind))
    return { why: `not available yet: ${kind} libraries; only .js is loaded` };
  return { why: `expected a .js library, got ${JSON.stringify(library)}` };
}

/** A program by its path, or by its name on PATH. */
export function findCommand(
  command: readonly [string, ...string[]],
  { directory, env }: Surroundings,
): Found {
  const [program, ...args] = command;
  const places = placesOf(program, directory, env["PATH"] ?? "");
  const seen = places.map((file) => ({ file, seen: lookAt(file) }));
  const files = seen.flatMap(({ file, seen: isThere }) => (isThere === true ? [file] : []));
  const runnable = files.find(isExecutable);
  if (runnable !== undefined)
    return { code: { kind: "command", command: [runnable, ...args], cwd: directory } };
  const [file] = files;
  if (file !== undefined) return { why: `${file} may not be executed; run chmod +x on it` };
  const unseen = seen.find((place) => typeof place.seen === "string");
  if (unseen !== undefined) return { why: `${unseen.file} cannot be looked at: ${String(unseen.seen)}` };
  return {
    why: `no program "${program}": looked for ${places.join(", ") || "it on PATH, which is empty"}; install it or give its path`,
  };
}

function placesOf(program: string, directory: string, path: string): string[] {
  if (isAbsolute(program) || program.includes("/")) return [resolve(directory, program)];
  const places = path.split(delimiter).filter((entry) => entry !== "");
  return [...new Set(places)].map((entry) => join(resolve(directory, entry), program));
}

/** What the machine is short of for a while says nothing about the path: that shows when the plugin is started. */
const passing = ["EMFILE", "ENFILE", "ENOMEM", "EIO", "ESTALE", "EAGAIN"];

/** Whether a file is there; a clause with the remedy where that cannot be told. */
function lookAt(file: string): boolean | string {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (reason) {
    const { code, why, remedy } = systemProblem(reason);
    return passing.includes(code) || `${why} (${code}); ${remedy}`;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (reason) {
    return passing.includes(systemCodeOf(reason));
  }
}
