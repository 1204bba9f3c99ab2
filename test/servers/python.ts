import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installSystemPackage } from "./system-package.js";

const version = "1.85.1";
const packages = [`grpcio==${version}`, `grpcio-tools==${version}`];
const cache = new URL("../../.cache/", import.meta.url).pathname;
const remedy = "install Python 3.9 or later with its venv module (Debian: apt-get install python3-venv)";

/**
 * A Python that has grpcio and grpcio-tools: the path of its program. Made once under .cache/, which takes half a minute
 * and says so; found again after that.
 */
export function pythonWithGrpc(): string {
  const home = join(cache, `python-grpcio-${version}`);
  if (!existsSync(home)) make(home);
  return join(home, "bin/python");
}

function make(home: string): void {
  const hasVenv = spawnSync("python3", ["-c", "import ensurepip, venv"], { stdio: "ignore" }).status === 0;
  if (!hasVenv) installSystemPackage("python3-venv", remedy);
  process.stderr.write(`installing grpcio ${version} for Python under .cache/\n`);
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(`${home}-`);
  try {
    run("python3", ["-m", "venv", unfinished], remedy);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    run(join(unfinished, "bin/python"), [...pip, ...packages], "see what pip says above");
    place(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], otherwise: string): void {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  } catch (cause) {
    throw new Error(`no Python with grpcio for the tests: ${otherwise}`, { cause });
  }
}

/** Another test file may have made the same one meanwhile: then that one stands. */
function place(made: string, home: string): void {
  try {
    renameSync(made, home);
  } catch (reason) {
    if (!existsSync(home)) throw reason;
  }
}
