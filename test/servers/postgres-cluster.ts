import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresUser, postgresVersion } from "./postgres-binaries.js";

/** The superuser of every cluster made here. */
export const user = "prism";
/** Asked for on TCP, so that a wrong one is refused. */
export const password = "s3cret of the tests";

const cache = new URL("../../.cache/", import.meta.url).pathname;

/** A data directory of its own, ready to be served. Whoever asks for it removes it. */
export function newCluster(binaries: string): string {
  const template = templateCluster(binaries);
  const folder = mkdtempSync(join(tmpdir(), "prism-postgres-"));
  const data = join(folder, "data");
  execFileSync("cp", ["-a", template, data]);
  const owner = postgresUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/** What `initdb` makes, kept under .cache/: a copy takes a tenth of the time. */
function templateCluster(binaries: string): string {
  const template = join(cache, `postgres-${postgresVersion(binaries)}-${process.getuid?.() ?? 0}`);
  if (existsSync(template)) return template;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "prism-initdb-"));
  try {
    initialize(binaries, folder);
    const ours = mkdtempSync(`${template}-`);
    execFileSync("cp", ["-a", join(folder, "data"), ours]);
    place(join(ours, "data"), template);
    rmSync(ours, { recursive: true, force: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return template;
}

function initialize(binaries: string, folder: string): void {
  const owner = postgresUser();
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password);
  if (owner) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const options = ["--username", user, "--pwfile", passwordFile, "--auth-host", "scram-sha-256"];
  const encoding = ["--encoding", "UTF8", "--locale", "C", "--no-sync"];
  execFileSync(join(binaries, "initdb"), ["-D", join(folder, "data"), ...options, ...encoding], {
    ...owner,
    cwd: folder,
    stdio: "pipe",
  });
}

/** Another test file may have made the same one meanwhile: then that one stands. */
function place(made: string, template: string): void {
  try {
    renameSync(made, template);
  } catch (reason) {
    if (!existsSync(template)) throw reason;
  }
}
