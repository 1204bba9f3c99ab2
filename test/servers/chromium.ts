import { spawnSync } from "node:child_process";
import { installSystemPackage } from "./system-package.js";

/** A browser: the path of Chromium's program, from Debian's package. */
export function chromiumProgram(): string {
  const path = "/usr/bin/chromium";
  const found = spawnSync(path, ["--version"], { stdio: "ignore" });
  if (found.error) installSystemPackage("chromium", "install Chromium (Debian: apt-get install chromium)");
  return path;
}
