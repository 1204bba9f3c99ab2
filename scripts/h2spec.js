// h2spec, the conformance tests of HTTP/2: where it is, or how it comes.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./install.js";

const command = "github.com/summerwind/h2spec/cmd/h2spec";
const remedy = "put h2spec on PATH, or install Go 1.17 or later (Debian: apt-get install golang-go)";

/** The program: on PATH, or built by Go into .cache/ from what scripts/h2spec/go.mod pins. Throws with the remedy. */
export function h2spec() {
  if (runs("h2spec", "--version")) return "h2spec";
  const home = join(root, ".cache/h2spec");
  const program = join(home, "h2spec");
  if (existsSync(program)) return program;
  if (!runs("go", "version")) throw new Error(`h2spec is missing, and so is Go to build it: ${remedy}`);
  process.stderr.write("building h2spec with Go under .cache/\n");
  mkdirSync(home, { recursive: true });
  const unfinished = mkdtempSync(join(home, "build-"));
  try {
    const cwd = join(root, "scripts/h2spec");
    const args = ["build", "-o", join(unfinished, "h2spec"), command];
    const { status } = spawnSync("go", args, { cwd, stdio: ["ignore", 2, 2] });
    if (status !== 0) throw new Error(`Go could not build h2spec, and says why above; else ${remedy}`);
    renameSync(join(unfinished, "h2spec"), program);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return program;
}

function runs(program, argument) {
  return spawnSync(program, [argument], { stdio: "ignore" }).status === 0;
}
