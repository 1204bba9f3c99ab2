import { execFileSync, spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { madeOnce } from "./made-once.js";
import { installSystemPackage } from "./system-package.js";

const remedy = "install Go 1.19 or later (Debian: apt-get install golang-go)";

/**
 * The path of a Go program: `name` is its package's path, `version` a tag of its module. Built once under .cache/, which
 * takes a minute and says so; found again after that.
 */
export function goProgram(name: string, version: string): string {
  const home = madeOnce(`go-${name.replaceAll("/", "-")}-${version}`, (folder) => {
    const hasGo = spawnSync("go", ["version"], { stdio: "ignore" }).status === 0;
    if (!hasGo) installSystemPackage("golang-go", remedy);
    process.stderr.write(`building ${name} ${version} under .cache/\n`);
    try {
      const env = { ...process.env, GOBIN: folder };
      execFileSync("go", ["install", `${name}@${version}`], { env, stdio: ["ignore", "ignore", "inherit"] });
    } catch (cause) {
      throw new Error(`${name} cannot be built: ${remedy}, or see what go says above`, { cause });
    }
  });
  return join(home, basename(name));
}
