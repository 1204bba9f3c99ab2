import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type LoopDelays, PrismError, TimeLimit, systemProblem } from "../../../protocol/index.js";
import {
  type Channel,
  type HealthReport,
  type LaunchedPlugin,
  type Opened,
  PluginClient,
  withinMs,
} from "../../channel/index.js";
import type { Log } from "../../model/log.js";
import type { ChannelKind, Namespace } from "../../model/namespace.js";
import { type Health, type InstanceState, nextStates } from "../../model/plugin-instance.js";
import type { RouteInstance } from "../../model/route-table.js";
import { InstanceSecrets } from "./instance-secrets.js";
import { logOutput } from "./plugin-instance-output.js";

/** What an instance needs of the rest of the runtime. */
export interface InstanceNeighbours {
  readonly channels: Readonly<Record<ChannelKind, Channel>>;
  /** Resolves the secrets in a namespace's settings; called at each start, the outcome is not kept. */
  readonly secrets: (namespace: Namespace) => Promise<Namespace>;
  /** `run`: where the private directories of sockets are made. `data`: where each namespace has a directory. */
  readonly paths: { readonly run: string; readonly data: string };
  readonly log: Log;
  readonly proxyVersion: string;
}

/** How to start one. */
export interface InstanceStart {
  /** Ends the start early. */
  readonly signal: AbortSignal;
  /** Reject one whose first word is that it is UNHEALTHY. */
  readonly mustBeWell: boolean;
  /** Told as each step is done. */
  readonly onStep?: (step: StartStep) => void;
}

/** The steps of a start, in their order. */
export type StartStep = "launch" | "initialize" | "health_check";

/** How long the end of a process is waited for once its connection has failed, to say the better reason. */
const endMs = 300;

/** One running copy of a namespace's plugin, from launch to end. */
export class PluginInstance {
  readonly id: string;
  readonly namespace: Namespace;
  /** Called once where it ends while it serves or drains. */
  onFall: (reason: string) => void = () => undefined;
  readonly #near: InstanceNeighbours;
  #state: InstanceState = "starting";
  #reason = "";
  readonly #secrets: InstanceSecrets;
  #health: Health | undefined;
  #loop: LoopDelays | undefined;
  #opened: Opened = { version: "", operations: [], services: [], fileDescriptors: [] };
  #directory: string | undefined;
  #launched: LaunchedPlugin | undefined;
  #client: PluginClient | undefined;
  #ending: Promise<void> | undefined;

  constructor(id: string, namespace: Namespace, near: InstanceNeighbours) {
    this.id = id;
    this.namespace = namespace;
    this.#near = near;
    this.#secrets = new InstanceSecrets(namespace, near.secrets);
  }

  get state(): InstanceState {
    return this.#state;
  }
  get reason(): string {
    return this.#secrets.hide(this.#reason);
  }
  get health(): Health | undefined {
    return this.#health;
  }
  /** How its event loop fares, as it told last. An attached plugin serves who knows whom on its loop: none is told. */
  get loop(): LoopDelays | undefined {
    return this.namespace.plugin.code.kind === "attached" ? undefined : this.#loop;
  }
  get version(): string {
    return this.#secrets.hide(this.#opened.version);
  }
  /** What it told of itself. */
  get opened(): Opened {
    return this.#opened;
  }
  /** Where in its config secrets stand; undefined while it has not told. */
  get secretConfig(): readonly string[] | undefined {
    return this.#client?.secretConfig;
  }
  get pid(): number {
    return this.#launched?.pid ?? 0;
  }
  get socket(): string {
    return this.#launched?.socket ?? "";
  }

  /** How proxies reach it, while it is ready. */
  get route(): RouteInstance {
    const { texts: secrets } = this.#secrets;
    return { id: this.id, socket: this.socket, token: this.#launched?.token ?? "", secrets };
  }

  /** Launches, initializes and checks it; then it is ready. Where that fails nothing is left running, and the reason is thrown. */
  async start({ signal, mustBeWell, onStep = () => undefined }: InstanceStart): Promise<void> {
    const { startTimeoutMs } = this.namespace.plugin;
    const endsAt = performance.now() + startTimeoutMs;
    using limit = new TimeLimit(startTimeoutMs, signal);
    const within = limit.signal;
    const leftMs = (): number => Math.max(1, Math.ceil(endsAt - performance.now()));
    try {
      const settings = await this.#secrets.resolve(within);
      const launched = await this.#launch(settings, within);
      onStep("launch");
      await this.#initialize(settings, launched, { signal: within, leftMs });
      onStep("initialize");
      const report = await this.checkHealth(leftMs(), within);
      if (mustBeWell && report.health === "UNHEALTHY") throw unwell(this.namespace.name, report);
      onStep("health_check");
      this.#become("ready");
    } catch (reason) {
      const explained = await this.#explain(reason);
      const told = explained.told(this.#secrets.hide(explained.message));
      this.fail(told.message);
      await this.kill();
      throw told;
    }
    void this.#launched?.ended.then((how) => this.#end(how));
  }

  /** Asks it how it fares. Rejects where no answer comes in time. */
  async checkHealth(timeoutMs: number, signal?: AbortSignal): Promise<HealthReport> {
    if (!this.#client) throw new PrismError("pluginAway", `${this.id} is not launched`);
    const report = await this.#client.healthCheck({ ms: timeoutMs, ...(signal && { signal }) });
    this.#health = report.health;
    this.#loop = report.loop ?? this.#loop;
    this.#reason =
      report.health === "HEALTHY" ? "" : `the plugin says it is ${report.health}: ${report.message}`;
    return { ...report, message: this.#secrets.hide(report.message) };
  }

  /** Looks its secrets up again. A fingerprint of theirs where they are others than it was started with, else undefined. */
  async newSecrets(): Promise<string | undefined> {
    using limit = new TimeLimit(this.namespace.plugin.startTimeoutMs);
    return await this.#secrets.renewed(limit.signal);
  }

  /** It takes nothing new from now on. */
  drain(): void {
    if (this.#state === "ready") this.#become("draining");
  }

  /** Something about it needs saying; the next health check may say otherwise. */
  say(reason: string): void {
    this.#reason = reason;
  }

  /** It cannot serve. */
  fail(reason: string): void {
    if (nextStates[this.#state].includes("failed")) this.#become("failed");
    this.#reason = reason;
  }

  /** Ends it in order: Shutdown unless `silently`, SIGTERM, and SIGKILL after the grace period. Never rejects; safe to call twice. */
  async shutdown({ graceMs, silently = false }: { graceMs: number; silently?: boolean }): Promise<void> {
    this.#ending ??= this.#close(async () => {
      if (!silently && this.#state !== "failed") await this.#tellShutdown(graceMs / 2);
      await this.#launched?.terminate(graceMs / 2);
    });
    await this.#ending;
  }

  /** Ends it at once. Never rejects; safe to call twice. */
  async kill(): Promise<void> {
    this.#ending ??= this.#close(async () => this.#launched?.terminate(0));
    await this.#ending;
  }

  async #launch({ name, backend, plugin }: Namespace, signal: AbortSignal): Promise<LaunchedPlugin> {
    const attached = plugin.code.kind === "attached";
    const source = { plugin: backend, namespace: name, instance: this.id };
    const channel = this.#near.channels[plugin.channel];
    const output = logOutput(this.#near.log, source);
    this.#launched = await channel.launch(
      {
        id: this.id,
        namespace: name,
        code: plugin.code,
        env: plugin.env,
        socketDirectory: attached ? "" : await this.#makeDirectory(),
        dataDirectory: join(this.#near.paths.data, name),
        token: attached ? plugin.token : randomBytes(32).toString("hex"),
        onOutput: (stream, line) => output(stream, this.#secrets.hide(line)),
      },
      signal,
    );
    return this.#launched;
  }

  async #initialize(
    settings: Namespace,
    { socket, token }: LaunchedPlugin,
    { signal, leftMs }: { signal: AbortSignal; leftMs: () => number },
  ): Promise<void> {
    const { name, backend, plugin, config, credentials } = settings;
    this.#client = new PluginClient({ namespace: name, socket, token });
    const opening = {
      services: plugin.services,
      config,
      credentials,
      secrets: this.#secrets.texts,
      backend,
      proxyVersion: this.#near.proxyVersion,
      proofRequired: plugin.code.kind === "attached" && token !== "",
    };
    try {
      this.#opened = await this.#client.initialize(opening, { ms: leftMs(), signal });
    } finally {
      this.#secrets.mark(settings, this.#client.secretConfig);
    }
  }

  async #makeDirectory(): Promise<string> {
    const { run } = this.#near.paths;
    try {
      this.#directory = await mkdtemp(join(run, "i-"));
      return this.#directory;
    } catch (cause) {
      const { code, why, remedy } = systemProblem(cause);
      throw new PrismError(
        "failedPrecondition",
        `no directory for a plugin's socket can be made in ${run}: ${why} (${code}); ${remedy}`,
        { cause },
      );
    }
  }

  /** A process that died says more than the connection that died with it. */
  async #explain(reason: unknown): Promise<PrismError> {
    const launched = this.#launched;
    const foreseen = PrismError.from(reason);
    if (foreseen.kind === "bug")
      this.#near.log.error("an instance could not be started", { instance: this.id, reason: String(reason) });
    if (!launched || foreseen.kind !== "pluginAway" || !(await withinMs(launched.ended, endMs)))
      return foreseen;
    const how = await launched.ended;
    const sentence = `the plugin of namespace "${this.namespace.name}" ${how} before it was ready${launched.lastWords()}`;
    return new PrismError("pluginAway", sentence, { cause: reason });
  }

  #end(how: string): void {
    if (this.#ending || (this.#state !== "ready" && this.#state !== "draining")) return;
    const reason = `the plugin ${how}${this.#launched?.lastWords() ?? ""}`;
    this.fail(reason);
    this.onFall(this.reason);
  }

  async #tellShutdown(ms: number): Promise<void> {
    try {
      await this.#client?.shutdown({ ms: Math.ceil(ms) });
    } catch (reason) {
      const why = reason instanceof Error ? reason.message : String(reason);
      this.#near.log.warn("a plugin did not end in order", {
        instance: this.id,
        reason: this.#secrets.hide(why),
      });
    }
  }

  async #close(end: () => Promise<void> | undefined): Promise<void> {
    try {
      await end();
      await this.#client?.close();
      if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
    } catch (reason) {
      this.#near.log.error("an instance did not end in order", { instance: this.id, reason: String(reason) });
    }
    if (nextStates[this.#state].includes("stopped")) this.#become("stopped");
  }

  #become(next: InstanceState): void {
    if (!nextStates[this.#state].includes(next)) {
      throw new PrismError("bug", `${this.id} cannot become ${next}: it is ${this.#state}`);
    }
    this.#state = next;
  }
}

function unwell(name: string, { message }: HealthReport): PrismError {
  const why = message === "" ? "it gave no reason" : message;
  return new PrismError("failedPrecondition", `the plugin of namespace "${name}" is UNHEALTHY: ${why}`);
}
