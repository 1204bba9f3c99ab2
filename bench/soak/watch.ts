import { Processes } from "../subjects/processes.js";
import type { Point } from "./flatness.js";
import { type LoopFigures, loopsOn } from "./loops.js";
import { descriptorsOf, roles } from "./roles.js";

/** What is watched, by role and measure. */
export type Series = ReadonlyMap<string, readonly Point[]>;

/** What Prism says of itself at one moment. */
export interface Told {
  readonly connections: number;
  readonly inFlight: number;
  /** Sockets, timers and the like of the runtime's process. */
  readonly handles: number;
  readonly loops: readonly LoopFigures[];
}

/** Measures each process of a Prism again and again: memory, descriptors, and the runtime's handles. */
export class Watch {
  readonly #runtime: number;
  readonly #admin: string;
  readonly #began = performance.now();
  readonly #series = new Map<string, Point[]>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor({ runtime, admin }: { runtime: number; admin: string }) {
    this.#runtime = runtime;
    this.#admin = admin;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => void this.#look(), everyMs);
  }

  stop(): Series {
    clearInterval(this.#timer);
    return this.#series;
  }

  /** The last value of each series, the first process of a role for all. */
  latest(): ReadonlyMap<string, number> {
    return new Map([...this.#series].map(([name, points]) => [name, points.at(-1)?.value ?? 0]));
  }

  /** What Prism says of itself now. */
  async ask(): Promise<Told> {
    const page = await (await fetch(`http://${this.#admin}/metrics`)).text();
    const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(page)?.[1] ?? NaN);
    return {
      connections: read("prism_connections"),
      inFlight: read("prism_calls_in_flight"),
      handles: read("nodejs_active_resources_total"),
      loops: loopsOn(page),
    };
  }

  async #look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    for (const { role, pid } of roles(this.#runtime)) {
      this.#add(`${role}: memory, MiB`, pid, new Processes(() => [pid]).rssBytes() / 2 ** 20);
      this.#add(`${role}: descriptors`, pid, descriptorsOf(pid) ?? 0);
    }
    // While all its proxies are being replaced the runtime may be slow to tell; the next look asks again.
    const told = await this.ask().catch(() => undefined);
    if (told) this.#add("runtime: handles", this.#runtime, told.handles);
    this.#asking = false;
  }

  #add(name: string, pid: number, value: number): void {
    // A process that has just ended measures nothing.
    if (value === 0 || Number.isNaN(value)) return;
    const points = this.#series.get(name) ?? [];
    this.#series.set(name, points);
    points.push({ at: (performance.now() - this.#began) / 1000, pid, value });
  }
}
