import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "../support/running-prism.js";
import { postgresBinaries, postgresUser } from "./postgres-binaries.js";
import { newCluster, password, user } from "./postgres-cluster.js";

const startMs = 30_000;

/** Databases on a real PostgreSQL server. Await `stop()` in an afterAll. */
export interface Databases {
  /** Where the database `postgres` is: `postgres://user:password@host:port/postgres`. */
  readonly url: string;
  /** Makes an empty database, and tells where it is. */
  createDatabase(): Promise<string>;
  /** Removes what was made. Safe to call twice. */
  stop(): Promise<void>;
}

/** A server of one's own, for tests that harm it. */
export interface OwnPostgres extends Databases {
  /** Serves the same data on the same port again, after `kill9` or `halt`. */
  start(): Promise<void>;
  /** Ends every process of the server with SIGKILL. */
  kill9(): Promise<void>;
  /** Ends it as an operator does for a restart: connections are cut, the data is written. */
  halt(): Promise<void>;
  /** Stops its processes where they are (SIGSTOP): connections stay open and nobody answers. */
  freeze(): void;
  /** Lets them go on. */
  thaw(): void;
}

/** What a server of one's own is to have beside what all have. */
export interface OwnSettings {
  /** Texts of files in its data directory, by name; what is there already is replaced. */
  readonly files?: Readonly<Record<string, string>>;
  /** Such as `ssl=on`. */
  readonly settings?: readonly string[];
}

/** A PostgreSQL for tests that share one: the one PRISM_TEST_POSTGRES names, else one of our own. */
export async function startPostgres(): Promise<Databases> {
  const url = process.env["PRISM_TEST_POSTGRES"];
  return url ? new SharedServer(url) : startOwnPostgres();
}

/** A PostgreSQL in processes of its own, its data in a temporary folder, fsync on. It ends with this process, however that ends. */
export async function startOwnPostgres({
  files = {},
  settings = [],
}: OwnSettings = {}): Promise<OwnPostgres> {
  const binaries = postgresBinaries();
  const folder = newCluster(binaries);
  const owner = postgresUser();
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, "data", name);
    writeFileSync(file, text, { mode: 0o600 });
    if (owner) chownSync(file, owner.uid, owner.gid);
  }
  const server = new OwnServer(binaries, { folder, port: await freePort(), settings });
  await server.start();
  return server;
}

class SharedServer implements Databases {
  readonly url: string;
  readonly #made: string[] = [];

  constructor(url: string) {
    this.url = url;
  }

  async createDatabase(): Promise<string> {
    const name = `prism_${process.pid}_${Date.now().toString(36)}_${this.#made.length}`;
    await ask(this.url, `CREATE DATABASE ${name}`);
    this.#made.push(name);
    const database = new URL(this.url);
    database.pathname = `/${name}`;
    return database.href;
  }

  async stop(): Promise<void> {
    for (const name of this.#made.splice(0)) await ask(this.url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

class OwnServer implements OwnPostgres {
  readonly url: string;
  readonly #binaries: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #settings: readonly string[];
  #guard: ChildProcess | undefined;
  #databases = 0;

  constructor(
    binaries: string,
    own: { readonly folder: string; readonly port: number; readonly settings: readonly string[] },
  ) {
    const { folder, port, settings } = own;
    this.#binaries = binaries;
    this.#folder = folder;
    this.#port = port;
    this.#settings = settings;
    this.url = `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  }

  async start(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "lc_messages=C"].concat(
      this.#settings,
    );
    const args = ["-D", join(this.#folder, "data"), "-p", String(this.#port)];
    const postgres = [join(this.#binaries, "postgres"), ...args, ...settings.flatMap((line) => ["-c", line])];
    // The shell waits at our pipe for the signal to send. When this process is gone, however it went, nothing comes: then
    // the server ends at once and its data goes with it.
    const script = '"$@" & read signal; kill -${signal:-QUIT} $!; wait $!; [ "$signal" ] || rm -rf "$PWD"';
    const guard = spawn("/bin/sh", ["-c", script, "sh", ...postgres], {
      ...postgresUser(),
      cwd: this.#folder,
      env: { ...process.env, PWD: this.#folder },
      stdio: ["pipe", "ignore", "pipe"],
    });
    this.#guard = guard;
    await ready(guard);
  }

  async createDatabase(): Promise<string> {
    const name = `prism_${++this.#databases}`;
    await ask(this.url, `CREATE DATABASE ${name}`);
    return this.url.replace(/postgres$/, name);
  }

  async kill9(): Promise<void> {
    // The first one last: it would start what is missing again.
    this.freeze();
    this.#signal(this.#processes().reverse(), "SIGKILL");
    await this.#end("QUIT");
  }

  async halt(): Promise<void> {
    await this.#end("INT");
  }

  freeze(): void {
    this.#signal(this.#processes(), "SIGSTOP");
  }

  thaw(): void {
    this.#signal(this.#processes(), "SIGCONT");
  }

  async stop(): Promise<void> {
    if (this.#guard) {
      this.thaw();
      // The data goes, so nothing need be written in order.
      await this.#end("QUIT");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: string): Promise<void> {
    const guard = this.#guard;
    this.#guard = undefined;
    if (!guard) return;
    const exited = once(guard, "exit");
    guard.stdin?.end(`${signal}\n`);
    await exited;
  }

  #signal(pids: readonly number[], signal: NodeJS.Signals): void {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself meanwhile.
      }
    }
  }

  /** The server's processes, the one that began the others first. */
  #processes(): number[] {
    const file = join(this.#folder, "data/postmaster.pid");
    if (!existsSync(file)) return [];
    const first = parseInt(readFileSync(file, "utf8"), 10);
    const children = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((row) => row.trim().split(/\s+/).map(Number))
      .flatMap(([pid = 0, parent]) => (parent === first ? [pid] : []));
    return [first, ...children];
  }
}

/** Waits until the server says that it takes connections; its own words tell why it does not. */
async function ready(guard: ChildProcess): Promise<void> {
  const { stderr } = guard;
  if (!stderr) throw new Error("the server was started without a pipe for its log");
  let log = "";
  await new Promise<void>((resolve, reject) => {
    const failed = (): void => reject(new Error(`PostgreSQL did not start:\n${log}`));
    const deadline = setTimeout(failed, startMs);
    stderr.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-10_000);
      if (log.includes("ready to accept connections")) {
        clearTimeout(deadline);
        resolve();
      } else if (log.includes("database system is shut down")) {
        clearTimeout(deadline);
        failed();
      }
    });
  });
}

async function ask(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
