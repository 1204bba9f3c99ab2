import { spawnSync } from "node:child_process";
import { installSystemPackage } from "./system-package.js";

/** nghttp2's load generator: the name of its program, on PATH or from Debian's package. */
export function h2load(): string {
  const found = spawnSync("h2load", ["--version"], { stdio: "ignore" });
  if (found.error)
    installSystemPackage(
      "nghttp2-client",
      "install nghttp2's h2load (Debian: apt-get install nghttp2-client)",
    );
  return "h2load";
}
