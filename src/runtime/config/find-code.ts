import { resolve } from "node:path";
import { z } from "zod";
import { nearestName } from "../../protocol/index.js";
import type { ChannelKind, PluginCode } from "../model/namespace.js";
import type { DeclaredPlugin } from "./config.js";
import { command, home } from "./namespace-schema.js";
import {
  type Surroundings,
  builtInBackends,
  findBuiltIn,
  findCommand,
  findLibrary,
  laterBackends,
} from "./plugin-code.js";
import { longestSocketPath } from "./values.js";

/** Names that are told at once; nobody reads more. */
const mostListed = 20;

/** What says whose code serves, read from a namespace's `plugin:` or an entry of `plugins:`; what is wrong is left out. */
export const codeKeys = z
  .object({
    type: home.optional().catch(undefined),
    command: command.catch([]),
    library: z.string().catch(""),
    socket: z.string().catch(""),
    token: z.string().catch(""),
  })
  .catch({ type: undefined, command: [], library: "", socket: "", token: "" });

/** The keys that say whose code serves. */
export type CodeKeys = z.output<typeof codeKeys>;

/** The code and its home, or which key is wrong and why. */
export type CodeOrWhy =
  | { readonly code: PluginCode; readonly channel: ChannelKind }
  | { readonly key: readonly string[]; readonly why: string };

/** Whose code an entry under `plugins:` means. */
export function findDeclaredCode(keys: CodeKeys, surroundings: Surroundings): CodeOrWhy {
  const neither = { key: [], why: "expected a `library` or a `command`, got neither" };
  return findOwnCode(keys, surroundings) ?? neither;
}

/**
 * Whose code serves a namespace: what its own `plugin:` names (a command, a library, a socket); else what `backend`
 * names, first an entry under `plugins:`, then a built-in.
 */
export function findNamespaceCode(
  backend: string,
  keys: CodeKeys,
  { plugins, ...surroundings }: Surroundings & { readonly plugins: ReadonlyMap<string, DeclaredPlugin> },
): CodeOrWhy {
  if (keys.token !== "" && keys.socket === "")
    return {
      key: ["plugin", "token"],
      why: "a token is for an attached plugin (`socket`); one that Prism starts gets a fresh one each time",
    };
  const own = findOwnCode(keys, surroundings);
  if (own !== undefined) return "why" in own ? { ...own, key: ["plugin", ...own.key] } : own;

  const declared = plugins.get(backend);
  const found = declared ?? findBuiltIn(backend);
  if (found === undefined) return { key: ["backend"], why: whyNoBackend(backend, [...plugins.keys()]) };
  const channel = channelOf(keys) ?? declared?.channel ?? "sidecar";
  if (channel === "in_process" && found.code.kind !== "module")
    return {
      key: ["plugin", "type"],
      why: `in_process takes a .js library, and "${backend}" is a command; use sidecar`,
    };
  return { code: found.code, channel };
}

function findOwnCode(keys: CodeKeys, surroundings: Surroundings): CodeOrWhy | undefined {
  const [program, ...args] = keys.command;
  const named = [
    ...(program === undefined ? [] : ["command"]),
    ...(keys.library === "" ? [] : ["library"]),
    ...(keys.socket === "" ? [] : ["socket"]),
  ];
  const [key, another] = named;
  if (key === undefined) return undefined;
  if (another !== undefined) return { key: [another], why: `expected only one of ${named.join(", ")}` };
  const channel = channelOf(keys) ?? "sidecar";
  if (channel === "in_process" && key !== "library")
    return { key: ["type"], why: `in_process takes a .js library, not a ${key}; use sidecar` };

  const found =
    program !== undefined
      ? findCommand([program, ...args], surroundings)
      : key === "library"
        ? findLibrary(keys.library, surroundings)
        : findSocket(keys.socket, surroundings);
  return "why" in found ? { key: [key], why: found.why } : { code: found.code, channel };
}

function findSocket(path: string, { directory }: Surroundings) {
  const socket = resolve(directory, path.replace(/^unix:/, ""));
  if (Buffer.byteLength(socket) > longestSocketPath)
    return { why: `expected a path of at most ${longestSocketPath} bytes, got ${Buffer.byteLength(socket)}` };
  return { code: { kind: "attached", socket } as const };
}

function channelOf({ type }: CodeKeys): ChannelKind | undefined {
  return type === "in_process" || type === "sidecar" ? type : undefined;
}

function whyNoBackend(backend: string, declared: readonly string[]): string {
  if (laterBackends.some((later) => later === backend))
    return `not available yet: the built-in backend ${backend}; name a plugin's own command, library or socket`;
  const nearest = nearestName(backend, [...declared, ...builtInBackends]);
  const places = `looked under plugins: (${listed(declared)}) and among the built-ins (${builtInBackends.join(", ")})`;
  return `no plugin "${backend}": ${places}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "empty";
  const first = names.slice(0, mostListed).join(", ");
  return names.length > mostListed ? `${first} and ${names.length - mostListed} more` : first;
}
