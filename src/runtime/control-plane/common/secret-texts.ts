import { HiddenTexts, SecretPaths } from "../../../protocol/index.js";
import { isSecretName, secretsIn } from "../../model/hidden-text.js";
import type { JsonObject, JsonValue, Namespace } from "../../model/namespace.js";

/** Of a literal that is only likely to be a secret: shorter ones are modes, levels and the like. */
const shortestLikely = 8;
const reference = /\{\{\s*secret:[^{}]*\}\}/;
/** Who one is at a backend is no secret, and errors are about it. */
const userName = /^(user|username|login)$/i;

/**
 * What a namespace's plugin was given as secrets, to be taken out of whatever it says. `declared` holds references where
 * `resolved` holds what they stand for; `secretConfig` are the places that the plugin calls secret, once it has told.
 */
export function secretTexts(
  declared: Namespace,
  resolved: Namespace,
  secretConfig: readonly string[] = [],
): HiddenTexts {
  const { plugin, credentials, config } = resolved;
  return new HiddenTexts([
    ...Object.entries(credentials).flatMap(([key, text]) => (userName.test(key) ? [] : [text])),
    plugin.token,
    ...resolvedIn({ ...declared.credentials }, { ...credentials }),
    ...resolvedIn({ ...declared.plugin.env }, { ...plugin.env }),
    ...resolvedIn(declared.config, config),
    ...Object.entries(plugin.env).flatMap(([key, text]) => secretsOfVariable(key, text)),
    ...secretsOfConfig(config),
    ...new SecretPaths(secretConfig).secretsOf(config),
  ]);
}

/** What came of references: the whole text, and of it what no literal part is. */
function resolvedIn(declared: JsonValue, resolved: JsonValue | undefined): string[] {
  if (typeof declared === "string" && typeof resolved === "string") {
    if (!reference.test(declared)) return [];
    const parts = declared.split(reference);
    const [first = ""] = parts;
    const last = parts.at(-1) ?? "";
    return [resolved, resolved.slice(first.length, resolved.length - last.length)];
  }
  if (declared === null || typeof declared !== "object" || resolved === null || typeof resolved !== "object")
    return [];
  const inner = new Map<string, JsonValue>(Object.entries(resolved));
  return Object.entries(declared).flatMap(([key, value]: [string, JsonValue]) =>
    resolvedIn(value, inner.get(key)),
  );
}

function secretsOfVariable(key: string, text: string): string[] {
  return [...(isSecretName(key) ? [text] : likely(text)), ...secretsIn(text)];
}

/** What stands under keys that sound like a secret, and passwords within other texts. */
function secretsOfConfig(config: JsonObject): string[] {
  return Object.entries(config).flatMap(([key, value]) => secretsOfValue(value, isSecretName(key)));
}

function secretsOfValue(value: JsonValue, isSecret: boolean): string[] {
  if (typeof value === "string") return [...(isSecret ? [value] : []), ...secretsIn(value)];
  if (typeof value === "number") return isSecret ? likely(String(value)) : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]: [string, JsonValue]) =>
    secretsOfValue(inner, isSecret || isSecretName(key)),
  );
}

function likely(text: string): string[] {
  return text.length >= shortestLikely ? [text] : [];
}
