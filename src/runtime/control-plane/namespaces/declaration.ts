import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { hiddenText, SecretPaths } from "../../../protocol/index.js";
import { hideSecretsIn, isSecretName } from "../../model/hidden-text.js";
import type { JsonObject, JsonValue, Namespace } from "../../model/namespace.js";

const secretReference = /^\s*\{\{\s*secret:[^{}]*\}\}\s*$/;

/** Paths of the keys that differ between two declarations, as prism.yaml spells them. Who owns them is no key. */
export function changedKeys(before: Namespace, after: Namespace): string[] {
  return differences(keysOf(before), keysOf(after));
}

/** A declaration as YAML for a reader: without credentials and the token, and with every literal of `env` hidden, what its plugin calls secret, and what else may be. */
export function declarationYaml(namespace: Namespace, secretConfig: readonly string[] = []): string {
  const { backend, plugin, config, deadline_ms } = keysOf(namespace);
  const shown = {
    name: namespace.name,
    backend,
    plugin: { ...hideSecrets(plugin), env: hideAll(plugin.env), token: undefined },
    config: hideSecrets(config, new SecretPaths(secretConfig)),
    deadline_ms,
  };
  return stringify({ namespaces: [shown] });
}

/** A namespace under the keys that a person writes. */
function keysOf({ backend, plugin, config, credentials, deadlineMs }: Namespace) {
  const { channel, code, env, token, services, startTimeoutMs, health, restart } = plugin;
  const { falls, withinMs } = restart.loop;
  return {
    backend,
    plugin: {
      type: channel,
      ...codeKeys(code),
      env: { ...env },
      token,
      services,
      start_timeout_ms: startTimeoutMs,
      health: {
        interval_ms: health.intervalMs,
        timeout_ms: health.timeoutMs,
        unhealthy_after: health.unhealthyAfter,
      },
      restart: {
        backoff_ms: restart.backoffMs,
        max_backoff_ms: restart.maxBackoffMs,
        loop: `${falls}/${withinMs}ms`,
      },
    },
    config,
    credentials,
    deadline_ms: deadlineMs,
  };
}

/** A module is found by `backend`, so its file is not a key that anyone wrote; it tells where it was found. */
function codeKeys(code: Namespace["plugin"]["code"]): JsonObject {
  if (code.kind === "module") return { library: code.file };
  if (code.kind === "attached") return { socket: code.socket };
  return { command: code.command };
}

function differences(before: unknown, after: unknown, path = ""): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isMapping(before) || !isMapping(after)) return [path];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`));
}

const nowhere = new SecretPaths([]);

function hideSecrets(object: JsonObject, told = nowhere): JsonObject {
  const entries = Object.entries(object).map(([key, value]): [string, JsonValue] => [
    key,
    isSecretName(key) || told.has(key) ? hideAll(value) : hideIn(value, told.under(key)),
  ]);
  return Object.fromEntries(entries);
}

/** Where a secret stands, be it a list or a number, only references to secrets are shown. */
function hideAll(value: JsonValue): JsonValue {
  if (value === null || value === "" || typeof value === "boolean") return value;
  if (typeof value === "string" && secretReference.test(value)) return value;
  if (typeof value !== "object") return hiddenText;
  if (isList(value)) return value.map(hideAll);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hideAll(inner)]));
}

function hideIn(value: JsonValue, told: SecretPaths): JsonValue {
  if (typeof value === "string") return hideSecretsIn(value);
  if (value === null || typeof value !== "object") return value;
  if (!isList(value)) return hideSecrets(value, told);
  return value.map((inner, at) =>
    told.has(String(at)) ? hideAll(inner) : hideIn(inner, told.under(String(at))),
  );
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
