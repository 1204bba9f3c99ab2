import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FromProxy, ToProxy } from "../../../src/runtime/model/proxy-messages.js";
import type { RouteTable } from "../../../src/runtime/model/route-table.js";
import { defaultLimits } from "../../support/default-limits.js";
import { StockClient } from "../../support/stock-client.js";
import { PluginStub } from "./plugin-stub.js";

const entry = new URL("../../../src/runtime/data-plane/main.ts", import.meta.url).pathname;

/** A forked proxy, as the runtime has one. */
class ForkedProxy {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly unknown[]>;
  readonly #heard: FromProxy[] = [];
  #wake: () => void = () => undefined;

  constructor() {
    this.child = fork(entry, [], { execArgv: ["--import", "tsx"], stdio: ["ignore", 2, 2, "ipc"] });
    this.ended = once(this.child, "exit");
    this.child.on("message", (message) => {
      this.#heard.push(message as FromProxy);
      this.#wake();
    });
  }

  say(message: ToProxy, handle?: Server | Socket): void {
    this.child.send(message, handle);
  }

  /** The next message of a type. */
  async hear<T extends FromProxy["type"]>(type: T): Promise<Extract<FromProxy, { type: T }>> {
    for (;;) {
      const at = this.#heard.findIndex((message) => message.type === type);
      const [found] = at < 0 ? [] : this.#heard.splice(at, 1);
      if (found) return found as Extract<FromProxy, { type: T }>;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const plugin = new PluginStub();
let directory: string;
let proxy: ForkedProxy;
let server: Server;
let client: StockClient;

function table(generation: number): RouteTable {
  const instance = { id: "orders-1", socket: join(directory, "plugin.sock"), token: "" };
  const served = { operations: [], services: [], fileDescriptors: [] };
  const orders = { namespace: "orders", ...served, deadlineMs: 0, instance };
  return { generation, routes: { orders } };
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "prism-proxy-"));
  await plugin.listen(join(directory, "plugin.sock"));
  server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  client = new StockClient(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  proxy = new ForkedProxy();
  const settings = { limits: defaultLimits, defaultNamespace: "", proxyProtocol: [] };
  proxy.say({ type: "start", settings, table: table(1) });
  await proxy.hear("ready");
});
afterEach(async () => {
  client.close();
  proxy.child.kill("SIGKILL");
  await proxy.ended;
  await plugin.die();
  // Not awaited: node waits for the sockets that it sent away, of which a killed process cannot tell the end.
  server.close();
  await rm(directory, { recursive: true, force: true });
});

/** Passes on every connection that this process accepts. */
function passOn(): void {
  server.on("connection", (socket) => proxy.say({ type: "connection", connection: 1 }, socket));
}

describe("a data-plane process", () => {
  test("serves the listener that it is sent", async () => {
    proxy.say({ type: "listen" }, server);
    server.close();

    expect(await client.get("k", { namespace: "orders" })).toBe("v");
  });

  test("serves a connection that it is sent, and says that it has taken it", async () => {
    passOn();

    expect(await client.get("k", { namespace: "orders" })).toBe("v");
    expect(await proxy.hear("taken")).toEqual({ type: "taken", connection: 1 });
  });

  test("acknowledges a table, counts, and drains", async () => {
    passOn();
    await client.get("k", { namespace: "orders" });

    proxy.say({ type: "table", table: { generation: 7, routes: {} } });
    proxy.say({ type: "drain", instance: "orders-1", deadlineMs: 1000 });
    proxy.say({ type: "count", request: 3 });

    expect(await proxy.hear("acknowledged")).toMatchObject({ generation: 7 });
    expect(await proxy.hear("drained")).toMatchObject({
      instance: "orders-1",
      ledger: { started: 1, completed: 1, failed: 0, cut: 0 },
    });
    expect(await proxy.hear("counters")).toMatchObject({
      request: 3,
      counters: {
        generation: 7,
        inFlight: 0,
        calls: [{ namespace: "orders", operation: "get", code: "OK", count: 1 }],
      },
    });
  });

  test("tells when an instance cannot be reached", async () => {
    await plugin.die();
    passOn();
    await client.get("k", { namespace: "orders" }).catch(() => undefined);

    expect(await proxy.hear("unreachable")).toMatchObject({ instance: "orders-1" });
  });

  test("stops when it is told to, and exits 0", async () => {
    passOn();
    await client.get("k", { namespace: "orders" });

    proxy.say({ type: "stop", deadlineMs: 10_000 });

    expect(await proxy.ended).toEqual([0, null]);
  });

  test("leaves SIGTERM and SIGINT to the runtime, and serves on", async () => {
    passOn();
    proxy.child.kill("SIGTERM");
    proxy.child.kill("SIGINT");

    expect(await client.get("k", { namespace: "orders" })).toBe("v");
  });

  test("ends when the runtime is gone", async () => {
    proxy.child.disconnect();

    expect((await proxy.ended)[0]).not.toBe(0);
  });

  test("takes a connection whose client has left for what it is", async () => {
    passOn();
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => undefined).destroy();

    expect(await client.get("k", { namespace: "orders" })).toBe("v");
  });
});
