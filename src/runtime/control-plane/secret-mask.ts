import { hiddenText } from "../model/hidden-text.js";
import type { JsonValue, Namespace } from "../model/namespace.js";

/** Shorter ones stand in ordinary words. */
const shortest = 4;
const reference = /\{\{\s*secret:[^{}]*\}\}/;
/** Who one is at a backend is no secret, and errors are about it. */
const names = /^(user|username|login)$/i;

/** Takes what a namespace's plugin was given as secrets out of what the plugin says. */
export class SecretMask {
  readonly #secrets: readonly string[];

  /** `declared` holds references where `resolved` holds what they stand for. */
  constructor(declared: Namespace, resolved: Namespace) {
    const { plugin, credentials, config } = resolved;
    const literals = Object.entries(credentials).flatMap(([key, text]) => (names.test(key) ? [] : [text]));
    const found = [
      ...literals,
      plugin.token,
      ...secretsIn({ ...declared.credentials }, { ...credentials }),
      ...secretsIn({ ...declared.plugin.env }, { ...plugin.env }),
      ...secretsIn(declared.config, config),
    ].filter((secret) => secret.length >= shortest);
    const forms = found.flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]);
    // The longest first: one may hold another.
    this.#secrets = [...new Set(forms)].sort((one, other) => other.length - one.length);
  }

  /** The text, with every secret in it hidden. */
  hide(text: string): string {
    return this.#secrets.reduce((told, secret) => told.replaceAll(secret, hiddenText), text);
  }
}

/** What came of references: the whole text, and of it what no literal part is. */
function secretsIn(declared: JsonValue, resolved: JsonValue | undefined): string[] {
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
    secretsIn(value, inner.get(key)),
  );
}
