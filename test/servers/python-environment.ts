import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { madeOnce } from "./made-once.js";
import { installSystemPackage } from "./system-package.js";

const remedy = "install Python 3.9 or later with its venv module (Debian: apt-get install python3-venv)";

/** What an environment is called under .cache/, and the packages in it, with their versions. */
export interface PythonPackages {
  readonly name: string;
  readonly packages: readonly string[];
}

/** The folder of a Python environment that has some packages of PyPI. Making it takes half a minute and says so. */
export function pythonEnvironment({ name, packages }: PythonPackages): string {
  return madeOnce(name, (folder) => {
    const hasVenv = spawnSync("python3", ["-c", "import ensurepip, venv"], { stdio: "ignore" }).status === 0;
    if (!hasVenv) installSystemPackage("python3-venv", remedy);
    process.stderr.write(`installing ${packages.join(", ")} for Python under .cache/\n`);
    run("python3", ["-m", "venv", folder], remedy);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    run(join(folder, "bin/python"), [...pip, ...packages], "see what pip says above");
  });
}

function run(program: string, args: readonly string[], otherwise: string): void {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  } catch (cause) {
    throw new Error(`no Python environment: ${otherwise}`, { cause });
  }
}
