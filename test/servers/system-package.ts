import { spawnSync } from "node:child_process";

/** Installs one of Debian's packages and says so on stderr. Throws with the remedy where that cannot be. */
export function installSystemPackage(name: string, remedy: string): void {
  if (process.getuid?.() !== 0) throw new Error(`${name} is missing, with no right to install it: ${remedy}`);
  process.stderr.write(`installing Debian's package \`${name}\`, which the tests need\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quietly = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  spawnSync("apt-get", ["update", ...quietly], { env, stdio: "inherit" });
  const install = ["install", ...quietly, "--no-install-recommends", name];
  const { status } = spawnSync("apt-get", install, { env, stdio: "inherit" });
  if (status !== 0) throw new Error(`apt-get could not install ${name}: ${remedy}`);
}
