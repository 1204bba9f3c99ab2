import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { ProcessTree } from "./process-tree.js";

/** Something that carries calls to the plugin, running. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** The path that reaches the plugin's Execute through it. */
  readonly executePath: string;
  readonly tree: ProcessTree;
  stop(): Promise<void>;
}

/** Where the subjects keep what they write, and the plugin's socket. */
export interface Bench {
  readonly directory: string;
  readonly socket: string;
}

const root = new URL("..", import.meta.url).pathname;
const startMs = 20_000;
const pluginPath = "/prism.plugin.BackendPlugin/Execute";

/** Starts the plugin that every subject reaches. */
export async function startPlugin(socket: string): Promise<ChildProcess> {
  const plugin = spawn(process.execPath, ["--import", "tsx", join(root, "bench/plugin.ts"), socket], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(plugin.stdout, "data", { signal: AbortSignal.timeout(startMs) });
  return plugin;
}

/** Starts Prism as its user would, with one data-plane process. */
export async function startPrism({ directory, socket }: Bench): Promise<Subject> {
  const [port, admin] = [await freePort(), await freePort()];
  const config = join(directory, "prism.yaml");
  const server = {
    listen: `127.0.0.1:${port}`,
    admin: `127.0.0.1:${admin}`,
    proxies: 1,
    state_dir: join(directory, "state"),
  };
  const namespaces = [{ name: "bench", backend: "bench", plugin: { type: "sidecar", socket } }];
  writeFileSync(config, JSON.stringify({ server, namespaces }));
  const child = spawn(process.execPath, [join(root, "bin/run.js"), "serve", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await untilReady(`http://127.0.0.1:${admin}/readyz`);
  return subject({ name: "prism", port, executePath: "/prism.data.v1.Data/Execute", child });
}

/** Starts one of the peers written in JavaScript. */
export async function startScript(name: string, file: string, { socket }: Bench): Promise<Subject> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(root, "bench/peers", file), String(port), socket],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await untilListening(port);
  return subject({ name, port, executePath: pluginPath, child });
}

/** Starts nginx, or tells how to get it. */
export async function startNginx({ directory, socket }: Bench): Promise<Subject | string> {
  if (!installed("nginx", "-v")) return "nginx is not installed: apt-get install nginx-light";
  const port = await freePort();
  const home = join(directory, "nginx");
  mkdirSync(home);
  const config = fill(
    "nginx.conf",
    { PORT: String(port), SOCKET: socket, DIR: home, USER: userInfo().username },
    home,
  );
  const child = spawn("nginx", ["-p", home, "-c", config], { stdio: ["ignore", "ignore", "inherit"] });
  await untilListening(port);
  return subject({ name: "nginx grpc_pass", port, executePath: pluginPath, child });
}

/** Starts HAProxy, or tells how to get it. */
export async function startHaproxy({ directory, socket }: Bench): Promise<Subject | string> {
  if (!installed("haproxy", "-v")) return "haproxy is not installed: apt-get install haproxy";
  const port = await freePort();
  const config = fill("haproxy.cfg", { PORT: String(port), SOCKET: socket }, directory);
  const child = spawn("haproxy", ["-f", config, "-q"], { stdio: ["ignore", "ignore", "inherit"] });
  await untilListening(port);
  return subject({ name: "haproxy", port, executePath: pluginPath, child });
}

function subject(running: { name: string; port: number; executePath: string; child: ChildProcess }): Subject {
  const { child, ...rest } = running;
  return {
    ...rest,
    tree: new ProcessTree(child.pid ?? 0),
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit", { signal: AbortSignal.timeout(startMs) });
    },
  };
}

function installed(command: string, flag: string): boolean {
  return spawnSync(command, [flag]).error === undefined;
}

function fill(template: string, values: Readonly<Record<string, string>>, directory: string): string {
  let text = readFileSync(join(root, "bench/peers", template), "utf8");
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(name, value);
  const file = join(directory, template);
  writeFileSync(file, text);
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Waits until a port takes connections. */
async function untilListening(port: number): Promise<void> {
  await poll(`nothing listens on port ${port}`, async () => {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return true;
    } finally {
      socket.destroy();
    }
  });
}

async function untilReady(url: string): Promise<void> {
  await poll(`${url} is not ready`, async () => (await fetch(url)).ok);
}

async function poll(complaint: string, done: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + startMs;
  while (performance.now() < until) {
    if (await done().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${complaint} after ${startMs / 1000} s`);
}
