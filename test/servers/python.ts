import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { madeOnce } from "./made-once.js";
import { installSystemPackage } from "./system-package.js";

const version = "1.85.1";
const packages = [`grpcio==${version}`, `grpcio-tools==${version}`];
const remedy = "install Python 3.9 or later with its venv module (Debian: apt-get install python3-venv)";

/**
 * A Python that has grpcio and grpcio-tools: the path of its program. Made once under .cache/, which takes half a minute
 * and says so; found again after that.
 */
export function pythonWithGrpc(): string {
  const home = madeOnce(`python-grpcio-${version}`, (folder) => {
    const hasVenv = spawnSync("python3", ["-c", "import ensurepip, venv"], { stdio: "ignore" }).status === 0;
    if (!hasVenv) installSystemPackage("python3-venv", remedy);
    process.stderr.write(`installing grpcio ${version} for Python under .cache/\n`);
    run("python3", ["-m", "venv", folder], remedy);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    run(join(folder, "bin/python"), [...pip, ...packages], "see what pip says above");
  });
  return join(home, "bin/python");
}

function run(program: string, args: readonly string[], otherwise: string): void {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  } catch (cause) {
    throw new Error(`no Python with grpcio for the tests: ${otherwise}`, { cause });
  }
}
