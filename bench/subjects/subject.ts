import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { TimeLimit } from "../../src/protocol/index.js";
import type { Target } from "../load/jobs.js";
import { pin } from "./cores.js";
import { type Processes, treeOf } from "./processes.js";

/** Something that answers calls, running. */
export interface Subject {
  readonly name: string;
  readonly target: Target;
  /** The path that reaches the plugin's Execute through it. */
  readonly execute: string;
  /** What carries the calls. */
  readonly proxy: Processes;
  /** All that belongs to it. */
  readonly all: Processes;
  stop(): Promise<void>;
}

/** Where the subjects keep what they write, and the plugins' sockets. */
export interface Place {
  readonly directory: string;
  readonly smallCalls: string;
  readonly objects: string;
}

/** A subject that cannot run here, and how to get it. */
export interface Missing {
  readonly missing: string;
}

/** Execute of the plugin protocol. */
export const pluginExecute = "/prism.plugin.BackendPlugin/Execute";
/** The repository. */
export const root = new URL("../..", import.meta.url).pathname;

const startMs = 20_000;

/** A process as a subject that is one, kept to the proxy's core. It is stopped with SIGTERM. */
export async function running(
  child: ChildProcess,
  { name, target }: { name: string; target: Target },
): Promise<Subject> {
  await untilListening(target);
  const all = treeOf(child.pid ?? 0);
  for (const pid of all.pids) pin(pid, "proxy");
  return { name, target, execute: pluginExecute, proxy: all, all, stop: () => terminate(child) };
}

/** Ends a process in order, and waits for it. */
export async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit", { signal: new TimeLimit(startMs).signal });
}

/** Starts a TypeScript file of the bench, under Node's own arguments where there are any; it says `ready` on stdout. */
export async function startScript(
  file: string,
  args: readonly string[],
  execArgv: readonly string[] = [],
): Promise<ChildProcess> {
  const program = join(root, "bench", file);
  const child = spawn(process.execPath, [...execArgv, "--import", "tsx", program, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data", { signal: new TimeLimit(startMs).signal });
  return child;
}

/** Whether a program is on PATH. */
export function isInstalled(command: string, flag: string): boolean {
  return spawnSync(command, [flag], { stdio: "ignore" }).error === undefined;
}

/** Writes a peer's configuration from its template, and gives the file. */
export function fill(template: string, values: Readonly<Record<string, string>>, directory: string): string {
  let text = readFileSync(join(root, "bench/peers", template), "utf8");
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(name, value);
  const file = join(directory, template);
  writeFileSync(file, text);
  return file;
}

/** Waits until something takes connections. */
async function untilListening(target: Target): Promise<void> {
  await until(`nothing listens at ${JSON.stringify(target)}`, async () => {
    const socket = connect("port" in target ? { ...target, host: "127.0.0.1" } : target);
    try {
      await once(socket, "connect");
      return true;
    } finally {
      socket.destroy();
    }
  });
}

/** Asks again and again until something holds. */
export async function until(complaint: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + startMs;
  while (performance.now() < end) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${complaint} after ${startMs / 1000} s`);
}
