import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Loader } from "./load/loader.js";
import { onOneCore, pin, type Role } from "./subjects/cores.js";
import { startEnvoy, startHaproxy, startNginx, startPeer } from "./subjects/peers.js";
import { startPrism } from "./subjects/prism.js";
import { Processes } from "./subjects/processes.js";
import { type Missing, type Place, pluginExecute, startScript, type Subject } from "./subjects/subject.js";

/** How much to do. */
export interface Effort {
  /** Rounds of A B A C A …; medians and ranges are over them. */
  readonly rounds: number;
  /** How long one run of load lasts. */
  readonly seconds: number;
}

const starts = {
  prism: startPrism,
  "tcp relay": ({ smallCalls }: Place) => startPeer("tcp relay", "tcp-relay.ts", smallCalls),
  "tcp relay of objects": ({ objects }: Place) => startPeer("tcp relay", "tcp-relay.ts", objects),
  haproxy: startHaproxy,
  "nginx grpc_pass": startNginx,
  envoy: startEnvoy,
  "node:http2": ({ smallCalls }: Place) => startPeer("node:http2", "http2-proxy.ts", smallCalls),
  "grpc-js": ({ smallCalls }: Place) => startPeer("grpc-js", "grpc-js-proxy.ts", smallCalls),
} satisfies Record<string, (place: Place) => Promise<Subject | Missing>>;

/** What can be measured. */
export type SubjectName = keyof typeof starts;

/** What all figures share: one load, one plugin of each kind, and every subject once, from when it is first asked for. */
export class Stage {
  readonly effort: Effort;
  readonly place: Place;
  readonly loader: Loader;
  /** Says what happens now. */
  readonly tell: (line: string) => void;
  /** Peers that are not installed, and the remedy. */
  readonly missing = new Set<string>();
  readonly #subjects = new Map<SubjectName, Promise<Subject | Missing>>();
  readonly #stops: (() => unknown)[];
  readonly #pluginPids: readonly number[];

  private constructor(
    { effort, tell }: { effort: Effort; tell: (line: string) => void },
    { place, loader, pluginPids, stops }: Opened,
  ) {
    this.effort = effort;
    this.tell = tell;
    this.place = place;
    this.loader = loader;
    this.#pluginPids = pluginPids;
    this.#stops = stops;
  }

  /** Starts the load and the plugins. Await `close()` in a finally. */
  static async open(given: { effort: Effort; tell: (line: string) => void }): Promise<Stage> {
    const directory = mkdtempSync(join(tmpdir(), "prism-bench-"));
    const place = {
      directory,
      smallCalls: join(directory, "small.sock"),
      objects: join(directory, "objects.sock"),
    };
    const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
    const small = await startScript("plugin/small-calls.ts", [place.smallCalls], onOneCore);
    const objects = await startScript("plugin/objects.ts", [place.objects], onOneCore);
    const loader = await Loader.start("load");
    stops.push(
      () => small.kill(),
      () => objects.kill(),
      () => loader.stop(),
    );
    const stage = new Stage(given, { place, loader, stops, pluginPids: [small.pid ?? 0, objects.pid ?? 0] });
    stage.placePlugins("plugin");
    return stage;
  }

  /** A subject, started now if it is not running; undefined where it is not installed. */
  async subject(name: SubjectName): Promise<Subject | undefined> {
    const known = this.#subjects.get(name);
    const started = known ?? starts[name](this.place);
    this.#subjects.set(name, started);
    const subject = await started;
    if ("missing" in subject) {
      this.missing.add(subject.missing);
      return undefined;
    }
    if (!known) this.#stops.push(() => subject.stop());
    return subject;
  }

  /** A subject that is part of the repository, and so is always there. */
  async own(name: SubjectName): Promise<Subject> {
    const subject = await this.subject(name);
    if (!subject) throw new Error(`${name} does not start`);
    return subject;
  }

  /** The plugin without any proxy. */
  get direct(): Subject {
    const proxy = new Processes(() => this.#pluginPids);
    const target = { path: this.place.smallCalls };
    const stop = (): Promise<void> => Promise.resolve();
    return { name: "no proxy", target, execute: pluginExecute, proxy, all: proxy, stop };
  }

  /** Moves the plugins to the cores of a role. */
  placePlugins(role: Role): void {
    for (const pid of this.#pluginPids) pin(pid, role);
  }

  /** Stops everything, the last first. */
  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
  }
}

interface Opened {
  readonly place: Place;
  readonly loader: Loader;
  readonly pluginPids: readonly number[];
  readonly stops: (() => unknown)[];
}
