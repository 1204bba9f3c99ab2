import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataPlane } from "../../../src/runtime/data-plane/index.js";
import type { Log } from "../../../src/runtime/model/log.js";
import type {
  CallCounter,
  CorsSettings,
  ProxySettings,
  WireLimits,
} from "../../../src/runtime/model/proxy-messages.js";
import type { Ledger, Route } from "../../../src/runtime/model/route-table.js";
import { defaultLimits } from "../../support/default-limits.js";
import { StockClient } from "../../support/stock-client.js";
import { PluginStub } from "./plugin-stub.js";

/** What a test may set of the route to the stub, and of the walls. */
export interface ProxiedOptions {
  readonly route?: Partial<Route>;
  readonly limits?: Partial<WireLimits>;
  readonly cors?: Partial<CorsSettings>;
  readonly token?: string;
  /** What the stub must not tell clients. */
  readonly secrets?: readonly string[];
  readonly settings?: Partial<Omit<ProxySettings, "limits">>;
}

const limits: WireLimits = { ...defaultLimits, connections: 100 };

/** A data plane on a port of its own, with the namespace "orders" served by a stub. */
export class Proxied {
  readonly plugin = new PluginStub();
  readonly plane: DataPlane;
  readonly unreachable: string[] = [];
  readonly logged: string[] = [];
  readonly client: StockClient;
  readonly port: number;
  readonly socket: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #options: ProxiedOptions;
  #generation = 0;

  static async start(options: ProxiedOptions = {}): Promise<Proxied> {
    const directory = await mkdtemp(join(tmpdir(), "prism-plane-"));
    const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxied = new Proxied(directory, server, options);
    await proxied.plugin.listen(proxied.socket);
    proxied.route("orders", "orders-1", proxied.socket);
    return proxied;
  }

  private constructor(directory: string, server: Server, options: ProxiedOptions) {
    this.#directory = directory;
    this.#server = server;
    this.#options = options;
    this.socket = join(directory, "plugin.sock");
    this.port = (server.address() as AddressInfo).port;
    this.client = new StockClient(`127.0.0.1:${this.port}`);
    const tell = (message: string): void => void this.logged.push(message);
    const log: Log = { debug: tell, info: tell, warn: tell, error: tell };
    this.plane = new DataPlane({
      settings: {
        limits: { ...limits, ...options.limits },
        defaultNamespace: "",
        proxyProtocol: [],
        hosts: { names: ["*"], overTls: false },
        ...options.settings,
        ...(options.cors && { cors: { origins: [], maxAgeMs: 0, credentials: false, ...options.cors } }),
      },
      log,
      onUnreachable: (instance, reason) => this.unreachable.push(`${instance}: ${reason}`),
    });
    server.on("connection", (connection) => this.plane.accept(connection));
  }

  /** Points a namespace to an instance; the table has no other. Without an instance nobody serves it. */
  route(namespace: string, id: string | undefined, socket: string): void {
    const { token = "", secrets = [] } = this.#options;
    const instance = id === undefined ? {} : { instance: { id, socket, token, secrets } };
    const served = { operations: [], services: [], fileDescriptors: [] };
    this.routes([{ namespace, ...served, deadlineMs: 0, ...this.#options.route, ...instance }]);
  }

  /** Routes by these and no others. */
  routes(routes: readonly Route[]): void {
    const byName = Object.fromEntries(routes.map((route) => [route.namespace, route]));
    this.plane.setTable({ generation: ++this.#generation, routes: byName });
  }

  /** The one row of a namespace's operation and code. */
  counted(operation: string, code: string, namespace = "orders"): number {
    const fits = (row: CallCounter): boolean =>
      row.namespace === namespace && row.operation === operation && row.code === code;
    return this.plane.counters().calls.find(fits)?.count ?? 0;
  }

  /** The account of an instance. */
  ledger(id = "orders-1"): Ledger | undefined {
    return this.plane.counters().ledgers[id];
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.plane.stop(0);
    await this.plugin.die();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
