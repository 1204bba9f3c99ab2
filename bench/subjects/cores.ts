import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Who runs where: the proxy alone on its core, the plugin and the load on the others. */
export type Role = "proxy" | "plugin" | "load";

/**
 * How Node runs the load and the plugin. V8 collects with helper threads, which on the one core that a process is kept to
 * wait for each other: up to 20 ms at a time, in which the proxy has nothing to do.
 */
export const onOneCore: readonly string[] = ["--single-threaded-gc"];

/** Whether processes can be kept to their cores: that takes two, and Linux's taskset. */
const canPin = availableParallelism() > 1 && spawnSync("taskset", ["--version"]).error === undefined;

/** The cores of a role, as taskset names them. With two cores the plugin and the load share the second. */
function coresOf(role: Role, cores = availableParallelism()): string {
  if (role === "proxy") return "0";
  if (cores < 3) return "1";
  return role === "plugin" ? "1" : `2-${cores - 1}`;
}

/** Keeps a process and its threads to the cores of a role. Does nothing where that cannot be. */
export function pin(pid: number, role: Role): void {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", coresOf(role), String(pid)]);
}

/** How long the cores that are not the proxy's have worked so far and have been there, in ticks; NaN where nobody is kept to a core. */
export function otherCores(): { readonly busy: number; readonly all: number } {
  if (!canPin) return { busy: NaN, all: NaN };
  const proxy = `cpu${coresOf("proxy")}`;
  const rows = readFileSync("/proc/stat", "latin1")
    .split("\n")
    .filter((row) => /^cpu\d/.test(row));
  const others = rows.map((row) => row.split(" ")).filter(([name]) => name !== proxy);
  const sum = (rowsOf: (row: string[]) => string[]): number =>
    others.flatMap(rowsOf).reduce((total, ticks) => total + Number(ticks), 0);
  // user nice system idle iowait irq softirq steal; guests are within user.
  const all = sum((row) => row.slice(1, 9));
  return { busy: all - sum((row) => row.slice(4, 6)), all };
}

/** In words, for the report. */
export function placement(): string {
  if (!canPin) return "not pinned: the proxy, the plugin and the load share the cores";
  const [plugin, load] = [coresOf("plugin"), coresOf("load")];
  const others = plugin === load ? `plugin and load on core ${load}` : `plugin on ${plugin}, load on ${load}`;
  return `the proxy on core ${coresOf("proxy")}, ${others} (taskset)`;
}
