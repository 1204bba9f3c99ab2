import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { PrismError, systemProblem } from "../../protocol/index.js";
import { BoundedLines } from "./bounded-lines.js";
import type { LaunchRequest, ProcessGroups } from "./channel.js";
import { HandshakeScanner } from "./handshake-scanner.js";
import { isHandshake } from "./handshake.js";
import { LastWords } from "./last-words.js";
import { withinMs } from "./within.js";

/** How long the last output of a process that has exited is waited for. */
const lastOutputMs = 200;

/** What to run, and as what. */
export interface ProcessStart {
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One plugin's process, in a process group of its own; its stdin stays open as long as the runtime lives. */
export class PluginProcess {
  readonly pid: number;
  /** Resolves with how it ended once it is gone and its last output is read; its group is gone then too. */
  readonly ended: Promise<string>;
  /** Resolves with the handshake line. Stays pending where none comes. */
  readonly handshake: Promise<string>;
  readonly #words = new LastWords();
  readonly #groups: ProcessGroups;
  #isRunning = true;

  private constructor(child: ChildProcessWithoutNullStreams, pid: number, groups: ProcessGroups) {
    this.pid = pid;
    this.#groups = groups;
    groups.add(pid);
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#endGroup();
        const how = signal ? `was killed by ${signal}` : `exited with code ${code ?? 0}`;
        void withinMs(closed, lastOutputMs).then(() => resolve(how));
      });
    });
    this.handshake = firstHandshake(child);
    // EPIPE when it closes its stdin: nothing is ever written there.
    child.stdin.on("error", () => undefined);
  }

  /** Starts a process; rejects with a PrismError where that is not possible. */
  static async start(
    { command, cwd, env }: ProcessStart,
    request: LaunchRequest,
    groups: ProcessGroups,
  ): Promise<PluginProcess> {
    const [file, ...args] = command;
    if (cwd !== undefined && !existsSync(cwd)) {
      throw new PrismError(
        "failedPrecondition",
        `${of(request)} is to run in ${cwd}, which is not there: make it, or correct plugin.command`,
      );
    }
    const child = await spawned(() =>
      spawn(file, args, { ...(cwd === undefined ? {} : { cwd }), env, detached: true, stdio: "pipe" }),
    ).catch(async (cause: unknown) => {
      throw await cannotSpawn(file, request, cause);
    });
    child.on("error", () => undefined);
    const started = new PluginProcess(child, child.pid ?? 0, groups);
    started.#listen(child, request);
    return started;
  }

  /** What it wrote last on stderr, as the end of a sentence. */
  lastWords(): string {
    return this.#words.toString();
  }

  /** SIGTERM to it, then SIGKILL to its whole group after the grace period. Safe to call twice. */
  async terminate(graceMs: number): Promise<void> {
    if (!this.#isRunning) return;
    if (graceMs > 0) {
      kill(this.pid, "SIGTERM");
      if (await withinMs(this.ended, graceMs)) return;
    }
    kill(-this.pid, "SIGKILL");
    await this.ended;
  }

  #listen(child: ChildProcessWithoutNullStreams, request: LaunchRequest): void {
    const stdout = new BoundedLines(child.stdout, (line) => {
      if (!isHandshake(line)) request.onOutput("stdout", line);
    });
    const stderr = new BoundedLines(child.stderr, (line) => {
      this.#words.add(line);
      request.onOutput("stderr", line);
    });
    child.stdout.on("data", (chunk: Buffer) => stdout.write(chunk)).once("close", () => stdout.end());
    child.stderr.on("data", (chunk: Buffer) => stderr.write(chunk)).once("close", () => stderr.end());
  }

  /** What it started may have outlived it. */
  #endGroup(): void {
    this.#isRunning = false;
    kill(-this.pid, "SIGKILL");
    this.#groups.remove(this.pid);
  }
}

function firstHandshake({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  const scanner = new HandshakeScanner();
  return new Promise((resolve) => {
    const scan = (chunk: Buffer): void => {
      const line = scanner.write(chunk);
      if (line === undefined) return;
      stdout.off("data", scan);
      resolve(line);
    };
    stdout.on("data", scan);
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function of({ namespace }: LaunchRequest): string {
  return `the plugin of namespace "${namespace}"`;
}

/** Some errors of the system are thrown, others told later; a process that could not be spawned has no pid. */
async function spawned(
  spawnIt: () => ChildProcessWithoutNullStreams,
): Promise<ChildProcessWithoutNullStreams> {
  const child = spawnIt();
  if (child.pid !== undefined) return child;
  throw await new Promise<Error>((resolve) => child.once("error", resolve));
}

async function cannotSpawn(file: string, request: LaunchRequest, cause: unknown): Promise<PrismError> {
  const { code, why, remedy } = systemProblem(cause);
  const own: Partial<Record<string, string>> = {
    ENOENT:
      (await interpreterProblem(file)) ??
      `there is no command "${file}": install it, or correct plugin.command`,
    EACCES: `"${file}" may not be run: make it executable (chmod +x), or correct plugin.command`,
  };
  const sentence = own[code] ?? `"${file}": ${why} (${code}); ${remedy}`;
  return new PrismError("failedPrecondition", `${of(request)} cannot be started: ${sentence}`, { cause });
}

/** The system says of a script that it is not there where its interpreter is not, whose name then may end in a CR. */
async function interpreterProblem(file: string): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(256) });
    const [, interpreter] = /^#!\s*([^\s]+)/.exec(buffer.toString("latin1", 0, bytesRead)) ?? [];
    if (interpreter === undefined) return undefined;
    const [line = ""] = buffer.toString("latin1", 0, bytesRead).split("\n", 1);
    return line.endsWith("\r")
      ? `"${file}" has lines that end in CR LF, so its interpreter "${interpreter}\\r" is not there: save it with LF alone (dos2unix)`
      : `"${file}" begins with #!${interpreter}, which is not there: install it, or correct that line`;
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}
