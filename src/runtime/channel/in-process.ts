import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { PrismError } from "../../protocol/index.js";
import { BoundedLines } from "./bounded-lines.js";
import type { Channel, LaunchedPlugin, LaunchRequest } from "./channel.js";
import { environmentOf } from "./environment.js";
import { HandshakeScanner } from "./handshake-scanner.js";
import { isHandshake, readHandshake } from "./handshake.js";
import { LastWords } from "./last-words.js";
import { assertOwnSocket } from "./own-socket.js";
import { pluginHost } from "./plugin-host.js";
import { unlessAborted, withinMs } from "./within.js";

/** How much memory one in-process plugin may take before its thread, and only that, ends. */
const heapMiB = 512;

/** JavaScript plugins in worker threads of this process, each behind a private socket like a sidecar. */
export function inProcessChannel({ host = pluginHost }: { readonly host?: string } = {}): Channel {
  return { launch: (request, signal) => launchThread(request, host, signal) };
}

async function launchThread(
  request: LaunchRequest,
  host: string,
  signal: AbortSignal,
): Promise<LaunchedPlugin> {
  const { namespace, code, token } = request;
  if (code.kind !== "module") {
    throw new PrismError(
      "invalidConfig",
      `the plugin of namespace "${namespace}" is no JavaScript module, so it cannot run in_process: set plugin.type to sidecar`,
    );
  }
  const socket = join(request.socketDirectory, "sock");
  const thread = new PluginThread(request, { host, module: code.file, socket });
  try {
    const line = await unlessAborted(
      thread.handshake,
      signal,
      () =>
        `the plugin of namespace "${namespace}" did not shake hands in time${thread.lastWords()}: where it needs longer, raise plugin.start_timeout_ms`,
    );
    const own = readHandshake(line, { namespace, socket });
    await assertOwnSocket(own, { namespace, pid: 0 });
    return {
      socket: own,
      token,
      pid: 0,
      ended: thread.ended,
      lastWords: () => thread.lastWords(),
      terminate: (graceMs) => thread.terminate(graceMs),
    };
  } catch (reason) {
    await thread.terminate(0);
    throw reason;
  }
}

/** One plugin's thread. */
class PluginThread {
  readonly ended: Promise<string>;
  /** Resolves with the handshake line; rejects where the thread ends before. */
  readonly handshake: Promise<string>;
  readonly #worker: Worker;
  readonly #words = new LastWords();
  #isRunning = true;

  constructor(
    request: LaunchRequest,
    { host, module, socket }: { readonly host: string; readonly module: string; readonly socket: string },
  ) {
    this.#worker = new Worker(host, {
      argv: [module],
      env: environmentOf(request, socket),
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    this.ended = this.#watchEnd();
    this.handshake = Promise.race([this.#firstHandshake(), this.#endedEarly(request.namespace)]);
    this.#listen(request);
  }

  lastWords(): string {
    return this.#words.toString();
  }

  /** Asks it to end in order, and ends it after the grace period. Safe to call twice. */
  async terminate(graceMs: number): Promise<void> {
    if (!this.#isRunning) return;
    if (graceMs > 0) {
      this.#worker.postMessage("terminate");
      if (await withinMs(this.ended, graceMs)) return;
    }
    await this.#worker.terminate();
    await this.ended;
  }

  #watchEnd(): Promise<string> {
    let fell: string | undefined;
    this.#worker.on("error", (reason: unknown) => {
      fell = reason instanceof Error ? reason.message : String(reason);
    });
    return new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#isRunning = false;
        resolve(fell === undefined ? `exited with code ${code}` : `fell: ${fell}`);
      });
    });
  }

  #firstHandshake(): Promise<string> {
    const scanner = new HandshakeScanner();
    const { stdout } = this.#worker;
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

  async #endedEarly(namespace: string): Promise<never> {
    const how = await this.ended;
    throw new PrismError(
      "pluginAway",
      `the plugin of namespace "${namespace}" ${how} before it shook hands${this.lastWords()}`,
    );
  }

  #listen(request: LaunchRequest): void {
    const { stdout, stderr } = this.#worker;
    const out = new BoundedLines(stdout, (line) => {
      if (!isHandshake(line)) request.onOutput("stdout", line);
    });
    const err = new BoundedLines(stderr, (line) => {
      this.#words.add(line);
      request.onOutput("stderr", line);
    });
    stdout.on("data", (chunk: Buffer) => out.write(chunk)).once("close", () => out.end());
    stderr.on("data", (chunk: Buffer) => err.write(chunk)).once("close", () => err.end());
  }
}
