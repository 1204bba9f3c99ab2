// What is installed, and what the lock file says should be.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs `npm ci` when node_modules does not hold what package-lock.json asks for. */
export function install() {
  if (isInstalled()) return;
  console.log("prism: installing the packages (npm ci) …");
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm?.endsWith(".js") ? [process.execPath, npm, "ci"] : ["npm", "ci"];
  const { status, error } = spawnSync(command, [...args, "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Whether every package of the lock file lies in node_modules in its version, those of other platforms excepted. */
export function isInstalled() {
  const wanted = packagesOf("package-lock.json");
  const present = packagesOf("node_modules/.package-lock.json");
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === "") return true;
    const found = present[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch (reason) {
    if (reason.code === "ENOENT") return {};
    throw reason;
  }
}
