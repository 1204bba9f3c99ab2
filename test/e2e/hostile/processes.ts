import { readdirSync, readFileSync } from "node:fs";
import { Processes, treeOf } from "../../../bench/subjects/processes.js";
import { until } from "../../support/running-prism.js";

/** A process of a Prism, by what it does there: `runtime`, `proxy`, `reaper`, or `plugin of <namespace>`. */
export interface Process {
  readonly role: string;
  readonly pid: number;
}

/** Memory that is given back is back within this … */
const nearBytes = 64 * 1024 * 1024;
/** … and so soon after an attack. */
const backWithinMs = 30_000;
/** Connections between processes are kept once they are there: so many at most. */
const keptConnections = 4;

/** A runtime and all that runs below it. A plugin of the type `in_process` is a thread of the runtime. */
export function processesOf(runtime: number): Process[] {
  return treeOf(runtime).pids.map((pid) => ({ pid, role: pid === runtime ? "runtime" : roleOf(pid) }));
}

/** What some processes hold, against what they held when this was made. They must all live on. */
export class Holdings {
  readonly #before: readonly (Process & Holding)[];
  readonly #peaks = new Map<number, number>();

  constructor(processes: readonly Process[]) {
    this.#before = processes.map((process) => ({ ...process, ...holdingOf(process.pid) }));
  }

  /** Looks at their memory now, for {@link mostGrown}. */
  look(): void {
    for (const { pid } of this.#before)
      this.#peaks.set(pid, Math.max(this.#peaks.get(pid) ?? 0, rssBytesOf(pid)));
  }

  /** By how many bytes each had grown at most, of the times when it was looked at. */
  mostGrown(): { readonly role: string; readonly bytes: number }[] {
    return this.#before.map(({ role, pid, rssBytes }) => ({
      role,
      bytes: (this.#peaks.get(pid) ?? rssBytes) - rssBytes,
    }));
  }

  /** Until the memory of each is within 64 MiB of before, and its descriptors are as many; 30 seconds at most. */
  async untilBack(): Promise<void> {
    let now: readonly (Process & Holding)[] = [];
    await until(
      "memory and descriptors of every process to be as before",
      () => {
        now = this.#before.map(({ role, pid }) => ({ role, pid, ...holdingOf(pid) }));
        return this.#before.every(({ rssBytes, descriptors }, i) => {
          const { rssBytes: bytes = Infinity, descriptors: open = Infinity } = now[i] ?? {};
          return bytes - rssBytes < nearBytes && open < descriptors + keptConnections;
        });
      },
      { withinMs: backWithinMs },
    ).catch((reason: unknown) => {
      throw new Error(`${String(reason)}: ${JSON.stringify({ before: this.#before, now })}`);
    });
  }
}

/** What a process holds. */
interface Holding {
  readonly rssBytes: number;
  readonly descriptors: number;
}

function holdingOf(pid: number): Holding {
  return {
    rssBytes: rssBytesOf(pid),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** 0 once it has ended. */
function rssBytesOf(pid: number): number {
  return new Processes(() => [pid]).rssBytes();
}

function roleOf(pid: number): string {
  if (readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("data-plane/main.js")) return "proxy";
  const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
  const [, namespace] = /(?:^|\0)PRISM_PLUGIN_DATA=[^\0]*\/([^\0/]+)(?:\0|$)/.exec(environment) ?? [];
  return namespace === undefined ? "reaper" : `plugin of ${namespace}`;
}
