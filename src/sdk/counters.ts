import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PluginMetricsSchema } from "../protocol/gen/prism/plugin/plugin_pb.js";
import { type LoopDelays, messageOfLoop } from "../protocol/index.js";
import type { BackendCounters } from "./plugin.js";

/** What the SDK counts of one namespace, cumulative since it opened; reading destroys nothing. */
export class Counters {
  readonly #sinceNs = BigInt(Date.now()) * 1_000_000n;
  #begun = 0;
  #ended = 0;
  #failed = 0;
  #sumMs = 0;

  /** Operations that have begun and not ended. */
  get inFlight(): number {
    return this.#begun - this.#ended;
  }

  begin(): void {
    this.#begun++;
  }

  end(tookMs: number, failed: boolean): void {
    this.#ended++;
    this.#sumMs += tookMs;
    if (failed) this.#failed++;
  }

  /** As the plugin protocol has it, with what only the backend counts and how the loop fares that serves it. */
  metrics(backend: BackendCounters = {}, loop?: LoopDelays): MessageInitShape<typeof PluginMetricsSchema> {
    return {
      requestsTotal: BigInt(this.#begun),
      requestsFailed: BigInt(this.#failed),
      latencyMs: this.#ended === 0 ? 0 : this.#sumMs / this.#ended,
      intervalStartNs: this.#sinceNs,
      connectionsActive: BigInt(backend.connectionsActive ?? 0),
      connectionsIdle: BigInt(backend.connectionsIdle ?? 0),
      queriesExecuted: BigInt(backend.queriesExecuted ?? 0),
      cacheHits: BigInt(backend.cacheHits ?? 0),
      cacheMisses: BigInt(backend.cacheMisses ?? 0),
      ...(loop && { eventLoop: messageOfLoop(loop) }),
    };
  }
}
