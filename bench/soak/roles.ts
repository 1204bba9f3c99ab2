import { readdirSync, readFileSync } from "node:fs";
import { treeOf } from "../subjects/processes.js";
import { type NamespaceName, namespaces } from "./world.js";

const host = "sdk/host.js";
/** What a process of each role has in its command line. */
const marks: Readonly<Record<string, string>> = {
  "data plane": "data-plane/main.js",
  [`plugin of ${namespaces.store}`]: "plugins/sqlite/index.js",
  [`plugin of ${namespaces.cache}`]: "plugins/memory/index.js",
  [`plugin of ${namespaces.echo}`]: "echo-plugin.js",
};

/** Every process of a Prism that we watch, by its role. */
export function roles(runtime: number): { readonly role: string; readonly pid: number }[] {
  const pids = treeOf(runtime).pids.filter((pid) => pid !== runtime);
  const known = pids.flatMap((pid) => {
    const command = commandOf(pid);
    const role = Object.entries(marks).find(([, mark]) => command.includes(mark))?.[0];
    return role === undefined ? [] : [{ role, pid }];
  });
  return [{ role: "runtime", pid: runtime }, ...known];
}

/** The data-plane processes. */
export function dataPlanePids(runtime: number): number[] {
  return pidsOf(runtime, "data plane");
}

/** The processes of a namespace's plugin: two for a moment while it is reloaded. */
export function pluginPids(runtime: number, namespace: NamespaceName): number[] {
  return pidsOf(runtime, `plugin of ${namespace}`);
}

/** Open file descriptors of a process; undefined once it has ended. */
export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function pidsOf(runtime: number, wanted: string): number[] {
  return roles(runtime).flatMap(({ role, pid }) => (role === wanted ? [pid] : []));
}

function commandOf(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    return command.includes("data-plane/main.js") || command.includes(host) ? command : "";
  } catch {
    return "";
  }
}
