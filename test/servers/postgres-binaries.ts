import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installSystemPackage } from "./system-package.js";

const debianRoot = "/usr/lib/postgresql";
const remedy = "install it (Debian: apt-get install postgresql) or name a server in PRISM_TEST_POSTGRES";

/** The folder with `initdb` and `postgres`: on PATH, where Debian has them, or installed now. */
export function postgresBinaries(): string {
  const found = find();
  if (found) return found;
  installSystemPackage("postgresql", remedy);
  const installed = find();
  if (!installed) throw new Error(`no PostgreSQL on this machine: ${remedy}`);
  return installed;
}

function find(): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter);
  return [...onPath, ...debianFolders()].find((folder) =>
    ["initdb", "postgres"].every((name) => executable(join(folder, name))),
  );
}

/** Debian keeps one folder a version, the newest first here. */
function debianFolders(): string[] {
  try {
    const versions = readdirSync(debianRoot).sort((one, other) => Number(other) - Number(one));
    return versions.map((version) => join(debianRoot, version, "bin"));
  } catch {
    return [];
  }
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Who runs it: PostgreSQL refuses root, so root takes the user `postgres`, or `nobody`. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error("PostgreSQL refuses root, and there is neither a user `postgres` nor `nobody`: add one");
}

/** The version of the binaries, such as "15.4". */
export function postgresVersion(binaries: string): string {
  const text = execFileSync(join(binaries, "postgres"), ["--version"], { encoding: "utf8" });
  return /\d+(\.\d+)*/.exec(text)?.[0] ?? "unknown";
}
