import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../support/running-prism.js";
import { postgresUser } from "./postgres-binaries.js";
import { installSystemPackage } from "./system-package.js";

/** A real PgBouncer before a PostgreSQL, which lends connections by the transaction. */
export interface Pooler {
  /** The address of a database, through it. */
  through(url: string): string;
  /** Ends it, and its connections. Safe to call twice. */
  stop(): Promise<void>;
}

/** Pools so many connections of each database of the server behind `url`. */
export async function startPooler(url: string, connections: number): Promise<Pooler> {
  const server = new URL(url);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "prism-pgbouncer-"));
  const users = join(folder, "users");
  writeFileSync(users, `"${server.username}" "${decodeURIComponent(server.password)}"\n`);
  const settings = join(folder, "pgbouncer.ini");
  writeFileSync(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${connections}
unix_socket_dir =
`,
  );
  const owner = postgresUser();
  if (owner) for (const path of [folder, users, settings]) chownSync(path, owner.uid, owner.gid);
  const child = spawn(program(), [settings], { ...owner, stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stderr });
  const up = new Promise<void>((resolve) =>
    lines.on("line", (line) => {
      if (line.includes("process up")) resolve();
    }),
  );
  await Promise.race([up, exited.then(() => Promise.reject(new Error("PgBouncer does not start")))]);
  return {
    through: (address) => Object.assign(new URL(address), { port: String(port) }).href,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Its program, from Debian's package where it is missing. */
function program(): string {
  const found = ["pgbouncer", "/usr/sbin/pgbouncer"].find(
    (path) => !spawnSync(path, ["--version"], { stdio: "ignore" }).error,
  );
  if (found !== undefined) return found;
  installSystemPackage("pgbouncer", "install PgBouncer (Debian: apt-get install pgbouncer)");
  return "/usr/sbin/pgbouncer";
}
