import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { PluginClient } from "./plugin-client.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const host = join(root, "src/sdk/host.ts");

/** A worker thread knows no TypeScript until it is taught. */
const fromSource = `
import("tsx/esm/api").then(({ register }) => {
  register();
  return import(${JSON.stringify(pathToFileURL(host).href)});
});`;

/** Where an instance runs. */
export type Home = "process" | "worker";

/** What to launch. */
export interface Launch {
  /** The plugin's module, from the repository's root. */
  readonly module: string;
  readonly home: Home;
  readonly env?: Readonly<Record<string, string>>;
  /** A directory that an earlier instance left; made, and removed with the instance, where none is given. */
  readonly directory?: string;
}

/** A plugin that has shaken hands, in its own process or thread. */
export interface LaunchedPlugin extends AsyncDisposable {
  readonly socket: string;
  readonly token: string;
  readonly directory: string;
  /** The handshake as it was written. */
  readonly handshake: string;
  readonly client: PluginClient;
  /** Absent in a worker. */
  readonly child: ChildProcess | undefined;
  /** What it wrote to stderr. */
  errors(): string;
  /** The exit code, once it has ended. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, or its like in a worker. */
  terminate: () => void;
}

/** Launches a plugin from source as Prism would. */
export async function launchPlugin({ module, home, env = {}, directory }: Launch): Promise<LaunchedPlugin> {
  const home_ = directory ?? (await mkdtemp(join(tmpdir(), "plugin-")));
  const socket = join(home_, `${Math.random().toString(36).slice(2, 8)}.sock`);
  const token = "a token of this test";
  const { PATH = "", HOME = "" } = process.env;
  const given = {
    PATH,
    HOME,
    PLUGIN_SOCKET: socket,
    PRISM_PLUGIN_TOKEN: token,
    PRISM_PLUGIN_PROTOCOL: "1",
    PRISM_PLUGIN_DATA: join(home_, "data"),
    ...env,
  };
  const run =
    home === "process"
      ? startProcess(resolve(root, module), given)
      : startWorker(resolve(root, module), given);
  let errors = "";
  run.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const end = async (): Promise<void> => {
    run.kill();
    await run.exited;
    if (directory === undefined) await rm(home_, { recursive: true, force: true });
  };
  const fell = run.exited.then((code) => {
    throw new Error(`the plugin exited with ${String(code)} before it shook hands: ${errors}`);
  });
  const handshake = await Promise.race([firstLine(run.stdout), fell]).catch(async (reason: unknown) => {
    await end();
    throw reason;
  });
  const client = new PluginClient(socket, token);
  return {
    socket,
    token,
    directory: home_,
    handshake,
    client,
    child: run.child,
    errors: () => errors,
    exited: run.exited,
    terminate: run.terminate,
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await end();
    },
  };
}

interface Run {
  readonly child: ChildProcess | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<number | null>;
  terminate: () => void;
  kill: () => void;
}

function startProcess(module: string, env: Record<string, string>): Run {
  const child = spawn(process.execPath, ["--import", "tsx", host, module], { cwd: root, env, stdio: "pipe" });
  return {
    child,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: once(child, "exit").then(([code]) => code as number | null),
    terminate: () => child.kill("SIGTERM"),
    kill: () => child.kill("SIGKILL"),
  };
}

function startWorker(module: string, env: Record<string, string>): Run {
  const options = { argv: [module], env, stdout: true, stderr: true };
  const worker = new Worker(fromSource, { ...options, eval: true });
  return {
    child: undefined,
    stdout: worker.stdout,
    stderr: worker.stderr,
    exited: once(worker, "exit").then(([code]) => code as number | null),
    terminate: () => worker.postMessage("terminate"),
    kill: () => void worker.terminate(),
  };
}

/** Settles only if there is a line. */
function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve) => createInterface({ input: stream }).once("line", resolve));
}
