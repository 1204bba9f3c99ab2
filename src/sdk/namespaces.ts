import { type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { type Any, anyUnpack, StructSchema } from "@bufbuild/protobuf/wkt";
import {
  type HealthCheckResponseSchema,
  HealthCheckResponse_Status,
  type InitializeRequest,
  type InitializeResponseSchema,
  type ShutdownResponseSchema,
} from "../protocol/gen/prism/plugin/plugin_pb.js";
import {
  Code,
  HiddenTexts,
  type LoopDelays,
  nothingHidden,
  PrismError,
  SecretPaths,
  TimeLimit,
} from "../protocol/index.js";
import { reasonFields, withFields, withoutSecrets } from "./json-log.js";
import type { Log } from "./log.js";
import type { OpenContext, Plugin } from "./plugin.js";
import { PluginError } from "./plugin-error.js";
import { proofOf } from "./proof.js";
import { ServedNamespace } from "./served-namespace.js";

/** What opening a namespace takes beside Prism's request. */
export interface NamespaceSettings {
  readonly token: string;
  readonly log: Log;
  readonly dataDirectory: string;
  readonly now: () => number;
  /** How long a namespace that is replaced or ended waits for its operations. */
  readonly graceMs: number;
  /** What the values of one answer may have together, where there are several. */
  readonly answerBytes: number;
  /** How the event loop fares that serves them. */
  readonly loop: () => LoopDelays;
}

/** The namespaces of one plugin process: opened by Initialize, asked by HealthCheck, ended by Shutdown. */
export class Namespaces {
  readonly #plugin: Plugin;
  readonly #settings: NamespaceSettings;
  readonly #open = new Map<string, ServedNamespace>();
  /** The last change to each namespace: one at a time. */
  readonly #changes = new Map<string, Promise<unknown>>();

  constructor(plugin: Plugin, settings: NamespaceSettings) {
    this.#plugin = plugin;
    this.#settings = settings;
  }

  /** The namespace of a call. A call that names none means the only one there is. */
  find(name: string): ServedNamespace {
    const found = this.#open.get(name) ?? (name === "" && this.#open.size === 1 ? this.#only() : undefined);
    if (found) return found;
    throw new PrismError(
      "pluginAway",
      `this plugin does not serve namespace "${name}": it is not initialized`,
    );
  }

  /**
   * Opens a namespace. One that is open already is replaced once the new one is ready, so that a Prism that comes back
   * to an attached plugin finds it willing. A refusal is an answer.
   */
  async initialize(
    request: InitializeRequest,
    signal: AbortSignal,
  ): Promise<MessageInitShape<typeof InitializeResponseSchema>> {
    const proof = proofOf(this.#settings.token, request.challenge);
    const { version, secretConfig = [] } = this.#plugin;
    const told = { pluginVersion: version, proof, secretConfig: [...secretConfig] };
    const declared = new SecretPaths(secretConfig).secretsOf(structIn(request.config));
    const secrets = new HiddenTexts([...request.secrets, ...declared]);
    try {
      const served = await this.#inTurn(request.namespace, () => this.#replace(request, secrets, signal));
      const operations = Object.entries(served.operations).map(([name, { kind, traits }]) => ({
        ...traits,
        name,
        streaming: kind === "streaming",
      }));
      const supportedOperations = operations.map(({ name }) => name);
      return { ...told, success: true, supportedOperations, operations, ...served.declaration };
    } catch (reason) {
      const error = this.#explain(request.namespace, reason, secrets);
      return { ...told, success: false, error, errorCode: PrismError.from(reason).code };
    }
  }

  /** Tells how a namespace fares; one that is not open is UNHEALTHY. */
  async healthCheck(
    name: string,
    signal: AbortSignal,
  ): Promise<MessageInitShape<typeof HealthCheckResponseSchema>> {
    let served: ServedNamespace;
    try {
      served = this.find(name);
    } catch (reason) {
      return { status: HealthCheckResponse_Status.UNHEALTHY, message: PrismError.from(reason).message };
    }
    const health = await served.check(signal);
    const { status, message = "", details = {}, counters, credentialsRefused = false } = health;
    const metrics = served.counters.metrics(counters, this.#settings.loop());
    return { status: HealthCheckResponse_Status[status], message, details, metrics, credentialsRefused };
  }

  /** Ends a namespace; one that is not open has ended. */
  async shutdown(name: string, grace: AbortSignal): Promise<MessageInitShape<typeof ShutdownResponseSchema>> {
    let secrets = nothingHidden;
    try {
      await this.#inTurn(name, async () => {
        const served = this.#open.get(name) ?? (name === "" ? this.#only() : undefined);
        if (!served) return;
        ({ secrets } = served);
        this.#open.delete(served.name);
        await served.close(grace);
      });
      return { success: true };
    } catch (reason) {
      return { success: false, error: this.#explain(name, reason, secrets) };
    }
  }

  /** Ends every namespace. */
  async close(grace: AbortSignal): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.shutdown(name, grace)));
  }

  #only(): ServedNamespace | undefined {
    const [only] = this.#open.size === 1 ? this.#open.values() : [];
    return only;
  }

  async #replace(
    request: InitializeRequest,
    secrets: HiddenTexts,
    signal: AbortSignal,
  ): Promise<ServedNamespace> {
    const { namespace, credentials } = request;
    const { dataDirectory, now, graceMs, answerBytes } = this.#settings;
    if (namespace === "") throw new PluginError(Code.INVALID_ARGUMENT, "the namespace has no name");
    const log = withFields(withoutSecrets(this.#settings.log, secrets), { namespace });
    const config = configFrom(request.config);
    const context: OpenContext<unknown> = { namespace, config, credentials, dataDirectory, log, signal, now };
    const opened = await this.#plugin.open(context);
    const fresh = new ServedNamespace(namespace, opened, { log, secrets, answerBytes });
    const old = this.#open.get(namespace);
    this.#open.set(namespace, fresh);
    if (old) void this.#closeReplaced(old, graceMs);
    return fresh;
  }

  async #closeReplaced(old: ServedNamespace, graceMs: number): Promise<void> {
    using grace = new TimeLimit(graceMs);
    try {
      await old.close(grace.signal);
    } catch (reason) {
      old.log.error("the replaced namespace did not close in order", reasonFields(reason));
    }
  }

  async #inTurn<T>(name: string, change: () => Promise<T>): Promise<T> {
    const turn = (this.#changes.get(name) ?? Promise.resolve()).then(change, change);
    this.#changes.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#changes.get(name) === turn) this.#changes.delete(name);
    }
  }

  #explain(name: string, reason: unknown, secrets: HiddenTexts): string {
    if (reason instanceof PrismError) return secrets.hide(reason.message);
    const log = withoutSecrets(this.#settings.log, secrets);
    log.error("the plugin failed", { namespace: name, ...reasonFields(reason) });
    return secrets.hide(reason instanceof Error ? reason.message : String(reason));
  }
}

/** The `config` section as JSON. */
function configFrom(config: Any | undefined): unknown {
  if (!config || config.typeUrl === "") return {};
  const json = structIn(config);
  if (json !== undefined) return json;
  const message = `the config comes as ${config.typeUrl}: this plugin takes a google.protobuf.Struct`;
  throw new PluginError(Code.INVALID_ARGUMENT, message);
}

function structIn(config: Any | undefined): unknown {
  const struct = config && anyUnpack(config, StructSchema);
  return struct && toJson(StructSchema, struct);
}
