import type { z } from "zod";
import { limitsSection } from "./limits-schema.js";
import { command, home, namespaceEntry, namespaceName, pluginName } from "./namespace-schema.js";
import * as part from "./schema-parts.js";

const path = part.someText("a path");

const clientCertificates = {
  client_ca: path.optional(),
  client_auth: part.oneOf("none", "optional", "required").default("optional"),
};

const server = part.section({
  listen: part
    .oneOrMore(part.listenAddress())
    .default([{ kind: "tcp", host: "127.0.0.1", port: 50051, text: "127.0.0.1:50051" }]),
  admin: part
    .listenAddress()
    .default({ kind: "tcp", host: "127.0.0.1", port: 50052, text: "127.0.0.1:50052" }),
  unix_mode: part.textLike(/^0?[0-7]{3}$/, 'octal text such as "0660"').default("0600"),
  unix_group: part.someText("a group's name or number").nullish(),
  hosts: part.list(part.hostName()).nullish(),
  admin_hosts: part.list(part.hostName()).nullish(),
  default_namespace: namespaceName.nullish(),
  proxies: part.leaf("auto, or a whole number from 0 to 256", readProxies).default("auto"),
  state_dir: path.default(".prism"),
  plugins_dir: path.default("plugins"),
  drain_ms: part.time().default(30_000),
  proxy_protocol: part.listOr([], part.source()),
  tls: part.mapping({ cert: path, key: path, ...clientCertificates }).nullish(),
  admin_tls: part.mapping({ cert: path.optional(), key: path.optional(), ...clientCertificates }).nullish(),
  cors: part.section({
    origins: part.listOr([], part.pageOrigin()),
    max_age_ms: part.time().default(600_000),
    credentials: part.flag().default(false),
  }),
  limits: limitsSection,
});

const auth = part.section({
  mode: part.oneOf("none", "required").default("none"),
  insecure: part.flag().default(false),
  jwt: part.listOr(
    [],
    part.mapping({
      issuer: part.someText(),
      audience: part.someText(),
      jwks: part.someText("a URL or a path"),
      principal: part.someText("a claim's name").default("sub"),
      groups: part.someText("a claim's name").default("groups"),
    }),
  ),
  mtls: part.mapping({ principal: part.oneOf("san_uri", "san_dns", "cn").default("san_uri") }).nullish(),
  admins: part.listOr(["group:prism-admins"], part.someText()),
});

const secrets = part.listOr(
  [{ env: "PRISM_SECRET_" }, { files: "/run/secrets" }],
  part.mapping({
    env: part.textLike(/^[A-Za-z_][A-Za-z0-9_]*$/, "the beginning of a variable's name").optional(),
    files: part.someText("a directory").optional(),
    vault: part
      .mapping({ address: part.someText("a URL"), path: part.someText(), token_file: path })
      .optional(),
  }),
);

const plugins = part.listOr(
  [],
  part.mapping({
    name: pluginName,
    type: home.optional(),
    library: part.text("a path").default(""),
    command,
  }),
);

/** Every key of `prism.yaml`, those too whose function comes later (later-keys.ts refuses them). */
export const configSchema = part.section({
  server,
  auth,
  secrets,
  audit: part
    .mapping({
      file: path.default("audit.jsonl"),
      rotate: part.size({ min: 1 }).default(64 * 1024 ** 2),
      keep: part.whole().default(10),
    })
    .nullish(),
  telemetry: part.section({
    log: part.section({
      level: part.oneOf("trace", "debug", "info", "warn", "error").default("info"),
      format: part.oneOf("auto", "pretty", "json").default("auto"),
    }),
    tracing: part.section({
      otlp: part.text("a URL").default(""),
      sample: part.amount({ max: 1 }).default(0.01),
    }),
  }),
  plugins,
  namespaces: part.list(namespaceEntry).nullable().optional(),
});

/** What may be applied to a running Prism. */
export const appliedSchema = part.mapping({ namespaces: part.list(namespaceEntry) });

/** A file as the schema leaves it. */
export type ConfigEntry = z.output<typeof configSchema>;

function readProxies(value: unknown): number | "auto" | undefined {
  if (value === "auto") return value;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 256
    ? value
    : undefined;
}
