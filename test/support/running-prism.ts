import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TimeLimit } from "../../src/protocol/index.js";

const root = new URL("../..", import.meta.url).pathname;
const readyMs = 30_000;

/** A `prism serve` of its own: real process, real ports, a state directory that goes with it. */
export interface RunningPrism {
  readonly child: ChildProcess;
  /** host:port for clients. */
  readonly address: string;
  /** host:port for operators. */
  readonly admin: string;
  readonly directory: string;
  /** All it wrote so far, stdout and stderr. */
  readonly output: () => string;
  /** Resolves with the exit code once the process is gone. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, wait, remove the directory. Safe to call twice. */
  stop(): Promise<void>;
}

/** What to serve. */
export interface ServeOptions {
  /** YAML of `namespaces:` and the like; absent = the default namespace on SQLite. */
  readonly yaml?: string;
  /** More keys of `server:`, as in `default_namespace: orders`. */
  readonly serverKeys?: string;
  readonly proxies?: number;
  /** Serve from this directory, as an earlier run left it. */
  readonly directory?: string;
  readonly address?: string;
  readonly admin?: string;
  /** Do not wait for readiness. */
  readonly unready?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Another bin/run.js than that of this checkout. */
  readonly program?: string;
  /** In a process group of its own: a Ctrl-C in the terminal is not for it. */
  readonly detached?: boolean;
  /** A command that runs the one behind it, as `unshare` does. It must become that command, and hear its signals. */
  readonly within?: readonly string[];
}

/** Starts `prism serve` and waits until every namespace has been started. Await `stop()` in a finally or an afterEach. */
export async function servePrism(options: ServeOptions = {}): Promise<RunningPrism> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "prism-e2e-")));
  const address = options.address ?? `127.0.0.1:${await freePort()}`;
  const admin = options.admin ?? `127.0.0.1:${await freePort()}`;
  const more = options.serverKeys === undefined ? "" : `, ${options.serverKeys}`;
  const server = `server: { listen: "${address}", admin: "${admin}", proxies: ${options.proxies ?? 1}, state_dir: state${more} }\n`;
  const config = join(directory, "prism.yaml");
  await writeFile(config, server + (options.yaml ?? ""));
  const serve = [process.execPath, options.program ?? join(root, "bin/run.js"), "serve", "--config", config];
  const [command = process.execPath, ...args] = [...(options.within ?? []), ...serve];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    detached: options.detached ?? false,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "exit").then(([code]) => code as number | null);

  const running: RunningPrism = {
    child,
    address,
    admin,
    directory,
    output: () => output,
    exited,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
  if (options.unready) return running;
  await untilReady(running).catch(async (reason: unknown) => {
    child.kill("SIGKILL");
    await exited;
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    throw new Error(`prism is not ready: ${String(reason)}\n${output}`);
  });
  return running;
}

/** Waits until /readyz says yes, at most so long as a start may take. */
export async function untilReady({ admin, exited, output }: RunningPrism): Promise<void> {
  const giveUp = exited.then((code) => `it exited with ${String(code)}\n${output()}`);
  await until(`${admin} to be ready`, async () => (await fetch(`http://${admin}/readyz`)).ok, { giveUp });
}

/** Asks again and again until something holds; what never holds is an error that names it. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { withinMs = readyMs, giveUp }: { withinMs?: number; giveUp?: Promise<string> } = {},
): Promise<void> {
  using limit = new TimeLimit(withinMs);
  let gaveUp: string | undefined;
  void giveUp?.then((why) => (gaveUp = why));
  while (
    !(await Promise.resolve()
      .then(holds)
      .catch(() => false))
  ) {
    if (gaveUp !== undefined) throw new Error(`waited for ${what}, but ${gaveUp}`);
    if (limit.signal.aborted) throw new Error(`waited ${withinMs} ms for ${what}, in vain`);
    await new Promise(setImmediate);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
