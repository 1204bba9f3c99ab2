import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { LoopDelays } from "../../protocol/index.js";
import type { RefusalCounter } from "../model/proxy-messages.js";
import { exposeCalls } from "./call-series.js";
import { exposeInstances } from "./instance-series.js";
import { exposeLoopDelays, type MeasuredLoop } from "./loop-delays.js";
import type { DataPlaneCounters, ProxyStatus } from "./proxies/proxies.js";
import type { InstanceStatus } from "./supervisor/status.js";

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
  readonly body: Buffer;
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
    addRefused(registry, refused);
    addProxies(registry, await proxies());
    addLog(registry, droppedLogLines());
    const pages = [
      Buffer.from(await registry.metrics()),
      await exposeCalls(calls),
      await exposeInstances(instances()),
      await exposeLoopDelays([
        { labels: { process: "runtime" }, delays: ownLoop() },
        { labels: { process: "proxy" }, delays: loop },
        ...loopsOfPlugins(pluginLoops()),
      ]),
      Buffer.from(await this.#process.metrics()),
    ];
    return { contentType: registry.contentType, body: Buffer.concat(pages) };
  }
}

function loopsOfPlugins(loops: ReadonlyMap<string, LoopDelays>): MeasuredLoop[] {
  return [...loops].map(([namespace, delays]) => ({ labels: { process: "plugin", namespace }, delays }));
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
