import { performance } from "node:perf_hooks";
import type { Config } from "./config/index.js";
import { type Acts, actsOfAll, ActsOfUser } from "./control-plane/admin/acts.js";
import { adminHttp } from "./control-plane/admin/admin-http.js";
import { AdminPort } from "./control-plane/admin/admin-port.js";
import { type AdminNeighbours, adminMethods } from "./control-plane/admin/admin-service.js";
import type { OnBug } from "./control-plane/admin/grpc-methods.js";
import { operatorLimits } from "./control-plane/admin/operator-limits.js";
import { listen, type Listener } from "./control-plane/listeners.js";
import { Metrics, type MetricSources } from "./control-plane/metrics.js";
import { MemoryBudget } from "./data-plane/common/memory-budget.js";
import { PeerRefusals } from "./data-plane/common/peer-refusals.js";
import { wireLimits } from "./data-plane/common/wire-limits.js";
import type { Log } from "./model/log.js";
import { ServedHosts } from "./model/served-hosts.js";

/** How long operators' requests may take to end. */
const graceMs = 1_000;

/** What operators are served with. */
export interface OperatorsRequest extends AdminNeighbours {
  readonly server: Config["server"];
  readonly stateDirectory: string;
  /** Where the figures come from; what operators were refused is added. */
  readonly sources: MetricSources;
  readonly log: Log;
  readonly onBug: OnBug;
}

/** Serves operators. Nothing listens before it begins. */
export class Operators {
  readonly #request: OperatorsRequest;
  readonly #port: AdminPort;
  readonly #acts: ActsOfUser | undefined;
  #listener: Listener | undefined;

  constructor(request: OperatorsRequest) {
    const { server, log, sources } = request;
    const refusals = new PeerRefusals(log, () => performance.now());
    const counted: MetricSources["counted"] = async () => {
      const counters = await sources.counted();
      return { ...counters, refused: [...counters.refused, ...refusals.counters()] };
    };
    // The mode of a Unix socket says who may; over TCP a token does.
    this.#acts = server.admin.kind === "unix" ? undefined : new ActsOfUser(request.stateDirectory);
    const acts: Acts = this.#acts ?? actsOfAll;
    this.#request = request;
    this.#port = new AdminPort({
      answer: adminHttp({ ...request, metrics: new Metrics({ ...sources, counted }) }),
      methods: adminMethods(request),
      limits: operatorLimits(server.limits, wireLimits(server.limits)),
      hosts: new ServedHosts(server.admin.kind === "unix" ? ["*"] : server.adminHosts.names),
      held: new MemoryBudget(server.limits.heldBytes),
      acts,
      onRefused: ({ remoteAddress = "a Unix socket" }, reason, message) =>
        refusals.add({ peer: "operator", reason, message, from: remoteAddress }),
      onBug: request.onBug,
    });
  }

  /** Listens, and tells on what. Rejects with a sentence that names the key and what to do. */
  async begin(): Promise<string> {
    const { admin: address } = this.#request.server;
    const onConnection = this.#port.accept.bind(this.#port);
    this.#listener = await listen({ address, key: "server.admin", onConnection });
    await this.#acts?.begin(this.#listener.address);
    return this.#listener.address;
  }

  /** Takes nothing new, lets answers that are under way finish for a moment, and closes every connection. Safe to call twice. */
  async end(): Promise<void> {
    this.#listener?.close();
    await this.#acts?.end();
    await this.#port.close(graceMs);
  }
}
