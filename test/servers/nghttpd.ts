import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { freePort } from "../support/running-prism.js";
import { installSystemPackage } from "./system-package.js";

/** nghttp2's server, which runs on a port of this machine. */
export interface Nghttpd {
  readonly child: ChildProcess;
  readonly port: number;
  /** Ends it. Safe to call twice. */
  stop(): Promise<void>;
}

/** Serves a directory's files over HTTP/2 without TLS. */
export async function nghttpd(directory: string, options: readonly string[] = []): Promise<Nghttpd> {
  // It does not tell a port that it was left to choose.
  const port = await freePort();
  const args = ["--no-tls", "--address=127.0.0.1", "--verbose", `--htdocs=${directory}`, ...options];
  const child = spawn(program(), [...args, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const listening = once(lines, "line");
  await Promise.race([listening, exited.then(() => Promise.reject(new Error("nghttpd does not start")))]);
  child.stdout.resume();
  return {
    child,
    port,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The name of its program, on PATH or from Debian's package. */
function program(): string {
  const found = spawnSync("nghttpd", ["--version"], { stdio: "ignore" });
  if (found.error)
    installSystemPackage(
      "nghttp2-server",
      "install nghttp2's nghttpd (Debian: apt-get install nghttp2-server)",
    );
  return "nghttpd";
}
