import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { LoopDelays } from "../../protocol/index.js";
import type { InstanceState } from "../model/plugin-instance.js";
import type { CallCounter, RefusalCounter } from "../model/proxy-messages.js";
import { exposeDurations } from "./call-durations.js";
import { exposeLoopDelays, type MeasuredLoop } from "./loop-delays.js";
import type { DataPlaneCounters, ProxyStatus } from "./proxies.js";
import type { InstanceStatus } from "./supervisor-status.js";

const states: readonly InstanceState[] = ["starting", "ready", "draining", "stopped", "failed"];

/** Where the figures come from; asked at each scrape. */
export interface MetricSources {
  readonly counted: () => Promise<DataPlaneCounters>;
  readonly proxies: () => Promise<readonly ProxyStatus[]>;
  readonly instances: () => readonly InstanceStatus[];
  /** Log lines that nobody took in time. */
  readonly droppedLogLines: () => number;
  /** How the runtime's own event loop fares. */
  readonly ownLoop: () => LoopDelays;
  /** How those of plugin instances fare, by namespace. */
  readonly pluginLoops: () => ReadonlyMap<string, LoopDelays>;
}

/** A page for Prometheus. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Writes the runtime's metrics, as they are when they are asked for. */
export class Metrics {
  readonly #sources: MetricSources;
  /** Figures of the runtime's own process: memory, CPU, event loop. They are gathered all the time. */
  readonly #process = new Registry();

  constructor(sources: MetricSources) {
    this.#sources = sources;
    collectDefaultMetrics({ register: this.#process, eventLoopMonitoringPrecision: 100 });
  }

  /** Everything as of now. A registry a scrape: what is no more leaves no trace, and scrapes do not meet. */
  async expose(): Promise<Exposition> {
    const { counted, proxies, instances, droppedLogLines, ownLoop, pluginLoops } = this.#sources;
    const registry = new Registry();
    const { calls, refused, loop } = await counted();
    addCalls(registry, calls);
    addRefused(registry, refused);
    addProxies(registry, await proxies());
    addInstances(registry, instances());
    addLog(registry, droppedLogLines());
    const loops: MeasuredLoop[] = [
      { labels: { process: "runtime" }, delays: ownLoop() },
      { labels: { process: "proxy" }, delays: loop },
      ...[...pluginLoops()].map(([namespace, delays]) => ({
        labels: { process: "plugin", namespace },
        delays,
      })),
    ];
    const pages = [
      await registry.metrics(),
      exposeDurations(calls),
      exposeLoopDelays(loops),
      await this.#process.metrics(),
    ];
    return { contentType: registry.contentType, text: pages.join("\n") };
  }
}

function addCalls(registry: Registry, calls: readonly CallCounter[]): void {
  const labelNames = ["namespace", "operation", "code"] as const;
  const help = "Calls that ended, by namespace, operation and gRPC status.";
  const total = new Counter({ name: "prism_calls_total", help, labelNames, registers: [registry] });
  for (const { namespace, operation, code, count } of calls) total.inc({ namespace, operation, code }, count);
}

function addRefused(registry: Registry, refused: readonly RefusalCounter[]): void {
  const labelNames = ["peer", "reason"] as const;
  const help =
    "Connections and streams refused, by kind of peer (client, plugin, operator) and by the limit that was met (a key of server.limits), tls, proxy_protocol, or the HTTP/2 error code.";
  const total = new Counter({ name: "prism_refused_total", help, labelNames, registers: [registry] });
  for (const { peer, reason, count } of refused) total.inc({ peer, reason }, count);
}

function addProxies(registry: Registry, proxies: readonly ProxyStatus[]): void {
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name, help, registers: [registry] }).set(value);
  const sum = (of: (proxy: ProxyStatus) => number): number =>
    proxies.reduce((all, proxy) => all + of(proxy), 0);
  gauge("prism_proxies", "Data-plane processes.", proxies.length);
  gauge(
    "prism_connections",
    "Open client connections.",
    sum(({ connections }) => connections),
  );
  gauge(
    "prism_calls_in_flight",
    "Calls in flight.",
    sum(({ inFlight }) => inFlight),
  );
  const help = "Data-plane processes that fell and were replaced.";
  new Counter({ name: "prism_proxy_restarts_total", help, registers: [registry] }).inc(
    sum(({ restarts }) => restarts),
  );
}

function addLog(registry: Registry, dropped: number): void {
  const help = "Log lines dropped because whoever reads the log was too slow, or gone.";
  new Counter({ name: "prism_log_lines_dropped_total", help, registers: [registry] }).inc(dropped);
}

function addInstances(registry: Registry, instances: readonly InstanceStatus[]): void {
  const state = new Gauge({
    name: "prism_plugin_state",
    help: "1 for the state that a plugin instance is in, 0 for the others.",
    labelNames: ["namespace", "plugin", "instance", "state"] as const,
    registers: [registry],
  });
  const restarts = new Counter({
    name: "prism_plugin_restarts_total",
    help: "Plugin instances that fell and were started again, by namespace.",
    labelNames: ["namespace"] as const,
    registers: [registry],
  });
  const told = new Map(instances.map((instance) => [instance.namespace, instance.restarts]));
  for (const [namespace, count] of told) restarts.inc({ namespace }, count);
  for (const { namespace, plugin, id, state: current } of instances)
    for (const name of states)
      state.set({ namespace, plugin, instance: id, state: name }, current === name ? 1 : 0);
}
