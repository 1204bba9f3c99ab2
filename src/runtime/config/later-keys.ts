import type { JsonValue } from "../model/namespace.js";
import { isList, isMapping } from "./json.js";
import type { Finding, Path } from "./finding.js";

/** A key whose function is not there yet. It is refused, never ignored, unless its value asks for nothing. */
export interface LaterKey {
  /** Its path; `*` stands for any position in a list. */
  readonly key: string;
  /** What will come. */
  readonly what: string;
  /** Whether a value asks for nothing, so that leaving it out would be the same. */
  readonly asksNothing?: (value: JsonValue) => boolean;
}

/** Every key of the reference that waits for its function. */
export const laterKeys: readonly LaterKey[] = [
  { key: "server.plugins_dir", what: "the plugin store", asksNothing: isOne("plugins") },
  { key: "server.admin_tls", what: "TLS; keep `admin` on a loopback address", asksNothing: isWithin({}) },
  { key: "auth.mode", what: "authentication; only `none` works", asksNothing: isNot("required") },
  { key: "auth.jwt", what: "authentication by tokens", asksNothing: isEmptyList },
  { key: "auth.mtls", what: "authentication by certificates", asksNothing: isWithin({}) },
  { key: "auth.admins", what: "admin rights; whoever reaches `admin` is one", asksNothing: isEmptyList },
  { key: "secrets.*.vault", what: "secrets from Vault; use env or files" },
  { key: "audit", what: "the audit log" },
  {
    key: "telemetry.tracing",
    what: "tracing",
    asksNothing: isWithin({ otlp: [""], sample: [0.01] }),
  },
  { key: "plugins.*.type", what: "remote plugins", asksNothing: isNot("remote", "grpc") },
  { key: "namespaces.*.plugin.type", what: "remote plugins", asksNothing: isNot("remote", "grpc") },
  { key: "namespaces.*.plugin.version", what: "versions from the plugin store" },
  { key: "namespaces.*.plugin.endpoint", what: "remote plugins", asksNothing: isOne("") },
  {
    key: "namespaces.*.plugin.tls",
    what: "remote plugins",
    asksNothing: isWithin({ enabled: [false], server_name: [""] }),
  },
  { key: "namespaces.*.plugin.replicas", what: "more than one instance a namespace", asksNothing: isOne(1) },
  {
    key: "namespaces.*.plugin.resources",
    what: "limits of memory, CPU and processes",
    asksNothing: isWithin({}),
  },
  { key: "namespaces.*.plugin.network", what: "walls around a plugin's network", asksNothing: isOne("any") },
  { key: "namespaces.*.access", what: "authorization; everyone who reaches `listen` has access" },
  {
    key: "namespaces.*.limits",
    what: "limits of a namespace",
    asksNothing: isWithin({ calls_per_second: [0], burst: [0], in_flight: [0], bytes_in_flight: [0] }),
  },
  { key: "namespaces.*.breaker", what: "circuit breakers" },
  {
    key: "namespaces.*.retry",
    what: "retries",
    asksNothing: isWithin({ attempts: [1], budget: [0.1] }),
  },
  {
    key: "namespaces.*.shadow",
    what: "shadow traffic",
    asksNothing: isWithin({ to: [""], sample: [1], compare: [true] }),
  },
  {
    key: "namespaces.*.needs",
    what: "choosing a backend by what is needed; name one with `backend`",
    asksNothing: isWithin({}),
  },
];

/** What of a document asks for functions that are not there yet. */
export function findLaterKeys(value: JsonValue): Finding[] {
  return laterKeys.flatMap(({ key, what, asksNothing = () => false }) =>
    valuesAt(value, key.split("."))
      .filter((found) => found.value !== null && !asksNothing(found.value))
      .map(({ path }): Finding => ({ path, at: "key", message: `not available yet: ${what}` })),
  );
}

interface Found {
  readonly path: Path;
  readonly value: JsonValue;
}

function valuesAt(value: JsonValue, pattern: readonly string[], path: Path = []): Found[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [{ path, value }];
  if (value === null || typeof value !== "object") return [];
  if (step === "*")
    return isList(value) ? value.flatMap((entry, index) => valuesAt(entry, rest, [...path, index])) : [];
  const inner = !isList(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return inner === undefined ? [] : valuesAt(inner, rest, [...path, step]);
}

function isOne(...values: readonly JsonValue[]): (value: JsonValue) => boolean {
  return (value) => values.includes(value);
}

function isNot(...values: readonly JsonValue[]): (value: JsonValue) => boolean {
  return (value) => !values.includes(value);
}

function isEmptyList(value: JsonValue): boolean {
  return isList(value) && value.length === 0;
}

/** A mapping with nothing in it but these keys with one of these values. */
function isWithin(neutral: Readonly<Record<string, readonly JsonValue[]>>): (value: JsonValue) => boolean {
  return (value) =>
    isMapping(value) &&
    Object.entries(value).every(
      ([key, inner]) => Object.hasOwn(neutral, key) && neutral[key]?.includes(inner),
    );
}
