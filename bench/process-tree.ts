import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = 100;

/** What a process and all its descendants use. Linux only: read from /proc. */
export class ProcessTree {
  readonly #root: number;

  constructor(root: number) {
    this.#root = root;
  }

  /** CPU time so far in microseconds, user and system, threads included. Its grain is 10 ms. */
  cpuMicros(): number {
    return this.#sum((pid) => {
      const fields = statFields(pid);
      return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / ticksPerSecond);
    });
  }

  /** Resident memory in bytes. */
  rssBytes(): number {
    return this.#sum((pid) => Number(statFields(pid)[21]) * 4096);
  }

  #sum(measure: (pid: number) => number): number {
    return descendants(this.#root).reduce((total, pid) => total + ifAlive(() => measure(pid)), 0);
  }
}

/** The fields of /proc/<pid>/stat that follow the command's name. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid)) ifAlive(() => (parents.set(pid, Number(statFields(pid)[1])), 0));
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** A process may end between being listed and being read. */
function ifAlive(measure: () => number): number {
  try {
    return measure();
  } catch {
    return 0;
  }
}
