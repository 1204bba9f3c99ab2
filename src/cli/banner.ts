import { printableIn } from "../protocol/printable.js";
import { palette } from "./terminal.js";

/** What runs, as the runtime tells it. */
export interface Running {
  readonly version: string;
  readonly listen: readonly string[];
  /** Whether clients speak TLS there, but for Unix sockets. */
  readonly tls: boolean;
  readonly admin: string;
  readonly namespaces: readonly NamespaceState[];
}

/** How one namespace fares. */
export interface NamespaceState {
  readonly name: string;
  readonly backend: string;
  readonly channel: string;
  readonly ready: boolean;
  /** What its plugin says of itself: HEALTHY, DEGRADED or UNHEALTHY. */
  readonly health: string;
  readonly reason: string;
  readonly operations: readonly string[];
}

const usualAddress = "127.0.0.1:50051";

/** What `prism serve` says once it serves: what listens, which namespaces are ready, and three lines to try. */
export function banner(running: Running, program: string): string {
  const { version, listen, tls, admin, namespaces } = printableIn(running);
  const widest = Math.max(0, ...namespaces.map(({ name }) => name.length));
  return [
    palette().bold(`Prism ${version} serves.`),
    "",
    ...listen.map(
      (address) => `  clients    ${address}  gRPC and HTTP${isSecured(address, tls) ? ", over TLS" : ""}`,
    ),
    `  operators  ${admin}  gRPC and HTTP: /readyz, /metrics`,
    "",
    ...namespaces.map((namespace) => `  ${namespace.name.padEnd(widest)}  ${stateOf(namespace)}`),
    ...linesToTry(running, program),
    "",
  ].join("\n");
}

function stateOf({ backend, channel, ready, health, reason }: NamespaceState): string {
  const paint = palette();
  if (ready && health === "UNHEALTHY") return `${paint.red("unhealthy")}  ${backend}, ${channel}: ${reason}`;
  if (ready) return `${paint.green("ready")}   ${backend}, ${channel}`;
  return `${paint.red("failed")}  ${backend}, ${channel}: ${reason}`;
}

function isSecured(address: string, tls: boolean): boolean {
  return tls && !address.startsWith("unix:");
}

function linesToTry({ listen, tls, namespaces }: Running, program: string): string[] {
  const writable = namespaces.find(({ ready, operations }) => ready && operations.includes("set"));
  // Over TLS a line would have to name an authority, and only clients know whom they trust.
  const address = listen.find((each) => !isSecured(each, tls));
  if (address === undefined || !writable) return [];
  const curl = address.startsWith("unix:") ? `curl --unix-socket ${address.slice(5)}` : "curl";
  const host = address.startsWith("unix:") ? "prism" : address;
  const key = `http://${host}/v1/namespaces/${writable.name}/kv/greeting`;
  const elsewhere = address === usualAddress ? "" : ` --address ${address}`;
  return [
    "",
    "Try it:",
    `  ${curl} -X PUT --data-binary hello ${key}`,
    `  ${curl} ${key}`,
    `  ${program} call ${writable.name} get --key greeting${elsewhere}`,
  ];
}
