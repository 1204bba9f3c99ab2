import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/running-prism.js";
import { pin } from "./cores.js";
import { dataPlanesOf, treeOf } from "./processes.js";
import { type Place, root, type Subject, terminate, until } from "./subject.js";

/** Starts Prism as its user would, with one data-plane process. */
export async function startPrism({ directory, smallCalls, objects }: Place): Promise<Subject> {
  const [port, admin] = [await freePort(), await freePort()];
  const config = join(directory, "prism.yaml");
  const server = {
    listen: `127.0.0.1:${port}`,
    admin: `127.0.0.1:${admin}`,
    proxies: 1,
    state_dir: join(directory, "state"),
  };
  const namespaces = [
    { name: "bench", backend: "bench", plugin: { type: "sidecar", socket: smallCalls } },
    { name: "objects", backend: "bench", plugin: { type: "sidecar", socket: objects } },
  ];
  const telemetry = { log: { level: "warn" } };
  writeFileSync(config, JSON.stringify({ server, namespaces, telemetry }));
  const child = spawn(process.execPath, [join(root, "bin/run.js"), "serve", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await until("Prism is not ready", async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok);
  const runtime = child.pid ?? 0;
  const proxy = dataPlanesOf(runtime);
  for (const pid of proxy.pids) pin(pid, "proxy");
  return {
    name: "prism",
    target: { port },
    execute: "/prism.data.v1.Data/Execute",
    proxy,
    all: treeOf(runtime),
    stop: () => terminate(child),
  };
}
