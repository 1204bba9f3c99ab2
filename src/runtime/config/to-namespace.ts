import type { Namespace, Owner } from "../model/namespace.js";
import type { CodeOf } from "./check-code.js";
import type { NamespaceEntry } from "./namespace-schema.js";

/** The noun that the rest of Prism knows, made of an entry without problems. */
export function toNamespace(entry: NamespaceEntry, { code, channel }: CodeOf, owner: Owner): Namespace {
  const { env, token, services, health, restart, start_timeout_ms: startTimeoutMs } = entry.plugin;
  return {
    name: entry.name,
    backend: entry.backend,
    plugin: {
      channel,
      code,
      env,
      token,
      services,
      startTimeoutMs,
      health: {
        intervalMs: health.interval_ms,
        timeoutMs: health.timeout_ms,
        unhealthyAfter: health.unhealthy_after,
      },
      restart: {
        backoffMs: restart.backoff_ms,
        maxBackoffMs: restart.max_backoff_ms,
        loop: restart.loop,
      },
    },
    config: entry.config,
    credentials: entry.credentials,
    deadlineMs: entry.deadline_ms,
    owner,
  };
}
