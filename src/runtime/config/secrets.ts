import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PrismError, systemProblem, textOf } from "../../protocol/index.js";
import type { JsonObject, JsonValue, Namespace } from "../model/namespace.js";
import { isList } from "./json.js";

/** A place where secrets are looked up: variables with a prefix, or a directory with one file a secret. */
export type SecretProvider =
  { readonly kind: "env"; readonly prefix: string } | { readonly kind: "files"; readonly directory: string };

/** Where to look, in this order. */
export interface SecretSources {
  readonly providers: readonly SecretProvider[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const reference = /\{\{\s*secret:([A-Za-z0-9][A-Za-z0-9_.-]{0,127})\s*\}\}/g;

/** Whether a text holds something between `{{` and `}}` that means a secret, and is not written as one. */
export function hasMistakenReference(text: string): boolean {
  const rest = text.replace(reference, "");
  return /\{\{[^}]*secret/i.test(rest);
}

/** Whether a text holds a `{{ secret:name }}`. */
export function hasReference(text: string): boolean {
  return text.search(reference) >= 0;
}

/**
 * The namespace with every `{{ secret:name }}` replaced: in its config and credentials, and in its plugin's env and
 * token. Rejects when some are not to be found, naming each and every place looked in, and never a value.
 * Keep what it returns for one launch only.
 */
export async function resolveSecrets(namespace: Namespace, sources: SecretSources): Promise<Namespace> {
  const { config, credentials, plugin } = namespace;
  const names = referencesIn([config, { ...credentials }, { ...plugin.env }, plugin.token]);
  if (names.size === 0) return namespace;

  const secrets = await lookUpAll(names, namespace.name, sources);
  const fill = (text: string): string =>
    text.replace(reference, (_, name: string) => secrets.get(name) ?? "");
  return {
    ...namespace,
    config: fillObject(config, fill),
    credentials: fillTexts(credentials, fill),
    plugin: {
      ...plugin,
      env: fillTexts(plugin.env, fill),
      token: fill(plugin.token),
    },
  };
}

function referencesIn(value: JsonValue): Set<string> {
  if (typeof value === "string")
    return new Set(Array.from(value.matchAll(reference), ([, name = ""]) => name));
  if (value === null || typeof value !== "object") return new Set();
  return new Set(Object.values(value).flatMap((inner: JsonValue) => [...referencesIn(inner)]));
}

async function lookUpAll(
  names: ReadonlySet<string>,
  namespace: string,
  sources: SecretSources,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const name of names) {
    const { secret, tried } = await lookUp(name, sources);
    if (secret !== undefined) found.set(name, secret);
    else
      missing.push(
        `no secret "${name}": looked in ${tried.join(", ") || "no place, as `secrets:` is empty"}`,
      );
  }
  if (missing.length === 0) return found;
  throw new PrismError(
    "failedPrecondition",
    `namespace "${namespace}" lacks ${missing.length === 1 ? "a secret" : "secrets"}: ${missing.join("; ")}. ` +
      "Put it in one of these places; it is looked up again at the next start.",
  );
}

async function lookUp(
  name: string,
  { providers, env }: SecretSources,
): Promise<{ secret?: string; tried: string[] }> {
  const tried: string[] = [];
  for (const provider of providers) {
    if (provider.kind === "env") {
      const variable = provider.prefix + name.toUpperCase().replace(/[.-]/g, "_");
      const secret = env[variable];
      if (secret !== undefined && secret !== "") return { secret, tried };
      tried.push(`the environment variable ${variable}${secret === "" ? " (empty)" : ""}`);
    } else {
      const file = join(provider.directory, name);
      const read = await readSecretFile(file);
      if ("secret" in read) return { secret: read.secret, tried };
      tried.push(`the file ${file} (${read.why})`);
    }
  }
  return { tried };
}

/** The file's text without the line break that editors put at the end. */
async function readSecretFile(file: string): Promise<{ secret: string } | { why: string }> {
  try {
    const text = textOf(await readFile(file));
    if (text === undefined) return { why: "no UTF-8 text" };
    const secret = text.replace(/\r?\n$/, "");
    // No secret is empty: who writes the file was stopped half-way.
    return secret === "" ? { why: "empty" } : { secret };
  } catch (reason) {
    return { why: systemProblem(reason, { ENOENT: ["not there", ""] }).why };
  }
}

function fillJson(value: JsonValue, fill: (text: string) => string): JsonValue {
  if (typeof value === "string") return fill(value);
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map((inner) => fillJson(inner, fill));
  return fillObject(value, fill);
}

function fillObject(object: JsonObject, fill: (text: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fillJson(value, fill)]));
}

function fillTexts(
  texts: Readonly<Record<string, string>>,
  fill: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fill(text)]));
}
