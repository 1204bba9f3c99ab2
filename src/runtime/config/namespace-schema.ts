import { z } from "zod";
import { isServiceOfPlugins, longestServiceName } from "../../protocol/index.js";
import * as part from "./schema-parts.js";

/** What a namespace may be called. */
export const namespaceName = part.textLike(
  /^[a-z][a-z0-9-]{0,62}$/,
  "a name of a-z, 0-9 and '-', at most 63, beginning with a letter",
);

/** What a plugin under `plugins:` may be called. */
export const pluginName = part.textLike(
  /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
  "a name of letters, digits, '-' and '_', at most 63, beginning with a letter",
);

/** A gRPC service of a plugin's own. */
const serviceName = part.leaf(
  `a service's full name such as acme.billing.v1.Invoices, at most ${longestServiceName}, and not under prism.`,
  (value) => (typeof value === "string" && isServiceOfPlugins(value) ? value : undefined),
);

/** A home; `grpc` is the RFC's spelling of remote. */
export const home = part.oneOf("in_process", "sidecar", "remote", "grpc");

/** A program and its arguments. */
export const command = part.listOr([], part.text());

/** The `plugin:` section of a namespace. */
const pluginSection = part.section({
  type: home.optional(),
  version: part.someText().optional(),
  command,
  library: part.text("a path").default(""),
  socket: part.text("a path").default(""),
  endpoint: part.text("host:port").default(""),
  tls: part
    .mapping({
      enabled: part.flag().default(false),
      ca_cert: part.text("a path").optional(),
      client_cert: part.text("a path").optional(),
      client_key: part.text("a path").optional(),
      server_name: part.text().default(""),
    })
    .nullish(),
  token: part.text().default(""),
  services: part.listOr([], serviceName),
  replicas: part.whole({ min: 1, max: 1024 }).default(1),
  env: part.texts(
    /^(?!PLUGIN_SOCKET$|PRISM_PLUGIN_)[A-Za-z_][A-Za-z0-9_]*$/,
    "a variable's name that Prism does not set itself",
  ),
  resources: part
    .mapping({
      memory: part.size({ min: 1 }).optional(),
      cpu: part.amount().optional(),
      pids: part.whole({ min: 1 }).optional(),
    })
    .nullish(),
  network: z
    .union([z.enum(["any", "none"]), z.array(z.string())], { error: "any | none | a list of host:port" })
    .default("any"),
  start_timeout_ms: part.time({ min: 1 }).default(10_000),
  health: part.section({
    interval_ms: part.time({ min: 1 }).default(5_000),
    timeout_ms: part.time({ min: 1 }).default(1_000),
    unhealthy_after: part.whole({ min: 1 }).default(3),
  }),
  restart: part.section({
    backoff_ms: part.time().default(200),
    max_backoff_ms: part.time().default(30_000),
    loop: part.rate().default({ falls: 5, withinMs: 60_000 }),
  }),
});

/** One entry of `namespaces:`. */
export const namespaceEntry = part.mapping({
  name: namespaceName,
  backend: part.someText("the name of a plugin or a built-in backend"),
  plugin: pluginSection,
  config: part.anyMapping(),
  credentials: part.texts(/^[^\0]+$/, "a name"),
  access: part
    .list(part.mapping({ principals: part.list(part.someText()), allow: part.list(part.someText()) }))
    .optional(),
  limits: part.section({
    calls_per_second: part.amount().default(0),
    burst: part.whole().default(0),
    in_flight: part.whole().default(0),
    bytes_in_flight: part.size().default(0),
  }),
  deadline_ms: part.time().default(0),
  breaker: part
    .mapping({
      failures: part.amount({ max: 1 }).default(0.5),
      minimum_calls: part.whole().default(20),
      window_ms: part.time({ min: 1 }).default(10_000),
      open_ms: part.time({ min: 1 }).default(5_000),
      probes: part.whole({ min: 1 }).default(3),
    })
    .nullish(),
  retry: part
    .mapping({
      attempts: part.whole({ min: 1 }).default(1),
      budget: part.amount({ max: 1 }).default(0.1),
    })
    .nullish(),
  shadow: part
    .mapping({
      to: part.text("a namespace's name").default(""),
      sample: part.amount({ max: 1 }).default(1),
      compare: part.flag().default(true),
    })
    .nullish(),
  needs: part.anyMapping(),
});

/** A namespace as the schema leaves it. */
export type NamespaceEntry = z.output<typeof namespaceEntry>;
