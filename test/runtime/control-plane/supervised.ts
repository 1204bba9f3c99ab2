import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inProcessChannel, pluginHost, sidecarChannel } from "../../../src/runtime/channel/index.js";
import { Reaper } from "../../../src/runtime/control-plane/supervisor/reaper.js";
import type { ReloadLedger } from "../../../src/runtime/control-plane/supervisor/reload.js";
import type { RoutePublisher } from "../../../src/runtime/control-plane/proxies/route-publisher.js";
import {
  Supervisor,
  type SupervisorNeighbours,
} from "../../../src/runtime/control-plane/supervisor/supervisor.js";
import { type Clock, systemClock } from "../../../src/runtime/control-plane/supervisor/clock.js";
import type { NamespaceStatus } from "../../../src/runtime/control-plane/supervisor/status.js";
import type { Log, LogFields } from "../../../src/runtime/model/log.js";
import type { Namespace, PluginSettings } from "../../../src/runtime/model/namespace.js";
import type { Route } from "../../../src/runtime/model/route-table.js";

/** The path of a plugin in test/fixtures/plugins. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/plugins/${name}`, import.meta.url));
}

/** The path of a built-in plugin's module, as built. */
export function builtIn(name: string): string {
  return fileURLToPath(new URL(`../../../dist/plugins/${name}/index.js`, import.meta.url));
}

/** A namespace whose plugin is the fixture of that name; quick to restart. */
export function namespaceOn(
  program: string,
  more: Omit<Partial<Namespace>, "plugin"> & { plugin?: Partial<PluginSettings> } = {},
): Namespace {
  return {
    name: "orders",
    backend: "custom",
    config: {},
    credentials: {},
    deadlineMs: 0,
    owner: { kind: "applied" },
    ...more,
    plugin: {
      channel: "sidecar",
      code: { kind: "command", command: [process.execPath, fixture(program)], cwd: tmpdir() },
      env: {},
      token: "",
      services: [],
      startTimeoutMs: 5_000,
      health: { intervalMs: 60_000, timeoutMs: 1_000, unhealthyAfter: 3 },
      restart: { backoffMs: 10, maxBackoffMs: 50, loop: { falls: 100, withinMs: 60_000 } },
      ...more.plugin,
    },
  };
}

/** A log that remembers. */
export class RecordingLog implements Log {
  readonly lines: { level: string; message: string; fields: LogFields }[] = [];
  readonly debug = this.#writer("debug");
  readonly info = this.#writer("info");
  readonly warn = this.#writer("warn");
  readonly error = this.#writer("error");

  /** All it heard, as text. */
  get text(): string {
    return this.lines.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`).join("\n");
  }

  #writer(level: string): (message: string, fields?: LogFields) => void {
    return (message, fields = {}) => this.lines.push({ level, message, fields });
  }
}

/** Stands for the data plane: remembers each route in the order it came, and gives the account it is told to give. */
class RecordingRoutes implements RoutePublisher {
  readonly points: (Route | undefined)[] = [];
  readonly drained: { instance: string; deadlineMs: number }[] = [];
  ledger: ReloadLedger = { started: 0, completed: 0, failed: 0, cut: 0, lost: 0 };
  /** Runs before a route is acknowledged. */
  onPoint: (route: Route | undefined) => Promise<void> | void = () => undefined;
  /** Runs before an instance has drained. */
  onDrain: (instance: string) => Promise<void> | void = () => undefined;

  /** The route as it is. */
  get current(): Route | undefined {
    return this.points.at(-1);
  }

  async point(_namespace: string, route: Route | undefined): Promise<void> {
    this.points.push(route);
    await this.onPoint(route);
  }

  async drain(instance: string, deadlineMs: number): Promise<ReloadLedger> {
    this.drained.push({ instance, deadlineMs });
    await this.onDrain(instance);
    return this.ledger;
  }

  /** Nobody calls. */
  heard(): number {
    return 0;
  }

  hear(): Promise<number> {
    return Promise.resolve(0);
  }
}

/** A supervisor on real processes, beside a data plane that only records. */
export class Supervised {
  readonly log = new RecordingLog();
  readonly routes = new RecordingRoutes();
  readonly reaper = new Reaper(this.log);
  readonly supervisor: Supervisor;
  readonly directory: string;
  readonly #byHand: ChildProcess[] = [];

  private constructor(directory: string, more: Partial<SupervisorNeighbours>) {
    this.directory = directory;
    this.supervisor = new Supervisor({
      channels: { sidecar: sidecarChannel({ groups: this.reaper }), in_process: inProcessChannel() },
      secrets: (namespace) => Promise.resolve(namespace),
      paths: { run: directory, data: join(directory, "data") },
      log: this.log,
      proxyVersion: "0.0.0",
      routes: this.routes,
      clock: systemClock,
      random: () => 0.5,
      drainMs: 5_000,
      graceMs: 1_000,
      ...more,
    });
  }

  static async begin(more: Partial<SupervisorNeighbours> = {}): Promise<Supervised> {
    return new Supervised(await mkdtemp(join(tmpdir(), "prism-sup-")), more);
  }

  /** Ends everything it started. */
  async end(): Promise<void> {
    await this.supervisor.stop(2_000);
    for (const child of this.#byHand) child.kill("SIGKILL");
    await this.reaper.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Starts a plugin that the supervisor knows nothing of: a module served by the SDK's host, or a fixture's program. */
  async startByHand(
    program: string,
    { name = "by-hand", token = "" } = {},
  ): Promise<{ pid: number; socket: string; kill(): Promise<void> }> {
    const socket = join(this.directory, name);
    const args = program.endsWith("/index.js") ? [pluginHost, program] : [program];
    const env = { ...process.env, PLUGIN_SOCKET: socket, PRISM_PLUGIN_TOKEN: token };
    const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#byHand.push(child);
    await once(child.stdout, "data");
    const kill = async (): Promise<void> => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    };
    return { pid: child.pid ?? 0, socket, kill };
  }

  /** Writes a file into its directory; gives its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, text);
    return path;
  }

  /** The status of the only namespace. */
  get status(): NamespaceStatus {
    const [only] = this.supervisor.namespaces();
    if (!only) throw new Error("no namespace is supervised");
    return only;
  }

  /** Resolves once something holds of the supervisor's statuses; asked again at each change of them. */
  async until(holds: () => boolean): Promise<void> {
    let stop: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (holds()) resolve();
      };
      stop = this.supervisor.onChange(look);
      look();
    });
    stop?.();
  }
}

/** Whether a process is there, and more than a zombie that nobody has waited for. */
export function isAlive(pid: number): boolean {
  const [state = ""] = ps(["-o", "stat=", "-p", String(pid)]);
  return state !== "" && !state.startsWith("Z");
}

/** The processes that this one has started and that have not ended, by their command lines; `ps` itself left out. */
export function children(): string[] {
  const rows = ps(["-eo", "ppid=,stat=,args="]).map((row) => /^(\d+)\s+(\S+)\s+(.*)$/.exec(row));
  return rows.flatMap((row) => {
    const [, parent, state = "", args = ""] = row ?? [];
    return Number(parent) === process.pid && !state.startsWith("Z") && !args.startsWith("ps ") ? [args] : [];
  });
}

function ps(args: readonly string[]): string[] {
  const { stdout } = spawnSync("ps", args, { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((row) => row.trim())
    .filter((row) => row !== "");
}

/** A clock that the test moves. */
export class ManualClock implements Clock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + ms, run };
    this.#due.push(entry);
    return () => (this.#due = this.#due.filter((other) => other !== entry));
  }

  /** Moves on, running what is due on the way. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
      if (!next) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }
}
