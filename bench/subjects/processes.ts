import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = 100;
const pageBytes = 4096;

/** What some processes use together. Linux only: read from /proc, threads included. */
export class Processes {
  readonly #pids: () => readonly number[];

  /** Asks who they are each time, as processes come and go. */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
  }

  get pids(): readonly number[] {
    return this.#pids();
  }

  /** CPU time so far in microseconds, user and system. Its grain is 10 ms. */
  cpuMicros(): number {
    return this.#sum((pid) => {
      const fields = statFields(pid);
      return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / ticksPerSecond);
    });
  }

  /** Resident memory in bytes. */
  rssBytes(): number {
    return this.#sum((pid) => Number(statFields(pid)[21]) * pageBytes);
  }

  /** Memory in bytes of each process, what it shares counted by its share: of all together, what they cost the machine. */
  proportionalBytes(): ReadonlyMap<number, number> {
    const measured = this.#pids().map((pid) => [pid, ifAlive(() => proportional(pid)) ?? 0] as const);
    return new Map(measured);
  }

  #sum(measure: (pid: number) => number): number {
    return this.#pids().reduce((total, pid) => total + (ifAlive(() => measure(pid)) ?? 0), 0);
  }
}

/** A process and all its descendants. */
export function treeOf(root: number): Processes {
  return new Processes(() => descendants(root));
}

/** The data-plane processes of a runtime. */
export function dataPlanesOf(runtime: number): Processes {
  const isDataPlane = (pid: number): boolean =>
    ifAlive(() => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("data-plane/main.js")) ?? false;
  return new Processes(() => descendants(runtime).filter(isDataPlane));
}

/** The fields of /proc/<pid>/stat that follow the command's name. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function proportional(pid: number): number {
  const [, kib = "0"] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
  return Number(kib) * 1024;
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? ifAlive(() => Number(statFields(pid)[1])) : undefined;
    if (parent !== undefined) parents.set(pid, parent);
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** A process may end between being listed and being read. */
function ifAlive<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
