import { printableIn } from "../protocol/printable.js";
import { table, type TableLook } from "./table.js";
import { palette } from "./terminal.js";
import type { InstanceView, NamespaceView, StatusView } from "./views.js";

/** Namespaces, a row each. */
export function namespaceTable(namespaces: readonly NamespaceView[], look?: TableLook): Promise<string> {
  const rows = printableIn(namespaces).map((namespace) => [
    namespace.name,
    namespace.backend,
    namespace.channel,
    namespace.owner,
    stateOf(namespace),
  ]);
  return table(["NAMESPACE", "BACKEND", "CHANNEL", "OWNER", "STATE"], rows, look);
}

/** Plugin instances, a row each. */
export function instanceTable(instances: readonly InstanceView[], look?: TableLook): Promise<string> {
  const heads = ["INSTANCE", "NAMESPACE", "PLUGIN", "CHANNEL", "PID", "RESTARTS", "STATE"];
  const rows = printableIn(instances).map((instance) => [
    instance.id,
    instance.namespace,
    [instance.plugin, instance.version].filter(Boolean).join(" "),
    instance.channel,
    instance.pid === 0 ? "-" : String(instance.pid),
    String(instance.restarts),
    [instance.state, instance.health, instance.reason].filter(Boolean).join(", "),
  ]);
  return table(heads, rows, look);
}

/** One namespace on a page of its own, its declaration last. */
export function namespacePage(told: NamespaceView): string {
  const namespace = printableIn(told);
  const { name, backend, channel, owner, operations, yaml, problem } = namespace;
  const facts = [
    ["namespace", name],
    ["backend", `${backend} (${channel})`],
    ["owner", owner],
    ["state", stateOf(namespace)],
    ...(problem === "" ? [] : [["problem", palette().red(problem)]]),
    ["operations", operations.length > 0 ? operations.join(" ") : "not told"],
  ];
  return `${list(facts)}\n\n${yaml.trimEnd()}`;
}

/** The runtime on a page. */
export async function statusPage(status: StatusView): Promise<string> {
  const { version, pid, uptimeMs, listen, admin, configFile, proxies } = status;
  const facts = [
    ["prism", `${version}, pid ${pid}, up ${durationOf(uptimeMs)}`],
    ["clients", listen.join(", ")],
    ["operators", admin],
    ["config", configFile === "" ? "none: the defaults" : configFile],
    ...proxies.map((proxy) => [
      "proxy",
      `pid ${proxy.pid}, ${proxy.connections} connections, ${proxy.inFlight} in flight, ${proxy.restarts} restarts`,
    ]),
    ...status.problems.map((problem) => ["problem", palette().red(problem)]),
  ];
  const tables = await Promise.all([namespaceTable(status.namespaces), instanceTable(status.instances)]);
  return [list(facts), ...tables].join("\n\n");
}

/** "1 h 2 min", "3 min 4 s", "5 s". */
function durationOf(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "ready", "degraded: …", "unhealthy: …", "not ready: …". */
function stateOf({ ready, health, reason }: Pick<NamespaceView, "ready" | "health" | "reason">): string {
  const paint = palette();
  const because = (state: string): string => [state, reason].filter(Boolean).join(": ");
  if (!ready) return paint.red(because("not ready"));
  if (health === "UNHEALTHY") return paint.red(because("unhealthy"));
  return health === "DEGRADED" ? paint.yellow(because("degraded")) : paint.green("ready");
}

function list(facts: readonly (readonly string[])[]): string {
  return facts.map(([name = "", fact = ""]) => `${name.padEnd(12)}${fact}`).join("\n");
}
