import { fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { TimeLimit } from "../../src/protocol/index.js";
import { loadConfig } from "../../src/runtime/config/index.js";
import type { FromProxy, ToProxy } from "../../src/runtime/model/proxy-messages.js";
import type { Route, RouteInstance } from "../../src/runtime/model/route-table.js";
import { pin } from "./cores.js";
import { treeOf } from "./processes.js";
import { root, type Subject } from "./subject.js";

const entry = join(root, "dist/runtime/data-plane/main.js");
const startMs = 20_000;
const connections = 20_000;

/** What to start. */
export interface DataPlaneRequest {
  readonly socket: string;
  /** How many the table names; all are served by one instance. */
  readonly namespaces: number;
  /** Node's own arguments. */
  readonly execArgv?: readonly string[];
}

/** A data-plane process without its runtime: it is told its table as the runtime would. */
export async function startDataPlane(request: DataPlaneRequest): Promise<Subject> {
  const { socket, namespaces, execArgv = [] } = request;
  const stdio = ["ignore", "inherit", "inherit", "ipc"] as const;
  const child = fork(entry, [], { stdio: [...stdio], execArgv: [...execArgv] });
  const tell = (message: ToProxy): unknown => child.send(message);
  const { limits, defaultNamespace, proxyProtocol } = (await loadConfig({ cwd: dirname(socket), env: {} }))
    .server;
  const table = { generation: 1, routes: routes({ id: "bench-1", socket, token: "" }, namespaces) };
  tell({
    type: "start",
    settings: { defaultNamespace, proxyProtocol, limits: { ...limits, connections } },
    table,
  });
  const [answer] = (await once(child, "message", { signal: new TimeLimit(startMs).signal })) as [FromProxy];
  if (answer.type !== "ready") throw new Error(`the data plane says ${answer.type} instead of ready`);

  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve, reject) => {
    child.send({ type: "listen" } satisfies ToProxy, server, {}, (failure) =>
      failure ? reject(failure) : resolve(),
    );
  });
  server.close();
  pin(child.pid ?? 0, "proxy");
  const processes = treeOf(child.pid ?? 0);
  return {
    name: `data plane of ${namespaces} namespaces`,
    target: { port },
    execute: "/prism.data.v1.Data/Execute",
    proxy: processes,
    all: processes,
    stop: async () => {
      const gone = once(child, "exit", { signal: new TimeLimit(startMs).signal });
      tell({ type: "stop", deadlineMs: 0 });
      await gone;
    },
  };
}

function routes(instance: RouteInstance, namespaces: number): Record<string, Route> {
  const names = ["bench", ...Array.from({ length: namespaces - 1 }, (_, i) => `bench-${i}`)];
  const route = { instance, operations: [{ name: "get" }], services: [], fileDescriptors: [], deadlineMs: 0 };
  return Object.fromEntries(names.map((namespace) => [namespace, { ...route, namespace }]));
}
