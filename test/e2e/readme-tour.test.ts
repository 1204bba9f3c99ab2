import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Databases, startPostgres } from "../servers/postgres.js";
import { printed, stepsOf, substitute, type Substitutes } from "../support/documented-steps.js";
import { freePort, until } from "../support/running-prism.js";

const root = new URL("../..", import.meta.url).pathname;
const startMs = 90_000;
const run = promisify(execFile);

const [first, ...steps] = stepsOf(tourOf(await readFile(join(root, "README.md"), "utf8")));

let checkout: string;
let postgres: Databases;
let env: NodeJS.ProcessEnv;
/** What the README names and what stands for it here, for other tests use the usual ports. */
let substitutes: Substitutes;
let prism: Started | undefined;

beforeAll(async () => {
  checkout = await copyOfTheCheckout();
  postgres = await startPostgres();
  const address = `127.0.0.1:${await freePort()}`;
  const admin = `127.0.0.1:${await freePort()}`;
  const database = await postgres.createDatabase();
  substitutes = [
    ["127.0.0.1:50051", address],
    ["127.0.0.1:50052", admin],
    ["postgres://prism:prism@127.0.0.1:5432/prism", database],
  ];
  env = {
    ...process.env,
    PRISM_LISTEN: address,
    PRISM_LISTEN_ADMIN: admin,
    PRISM_ADDRESS: address,
    PRISM_ADMIN: admin,
  };
});
afterAll(async () => {
  prism?.signal("SIGKILL");
  await postgres.stop();
  await rm(checkout, { recursive: true, force: true });
});

describe("the README's tour", () => {
  test(
    "`npm start` builds a fresh clone and serves",
    async () => {
      prism = await startPrism();

      expect(first?.commands).toBe("npm start\n");
      expect(prism.output()).toMatch(printed(first?.printed ?? "nothing to print", substitutes));
    },
    startMs,
  );

  for (const step of steps) {
    test(`goes as it says: ${step.commands.trim().split("\n").at(-1) ?? ""}`, async () => {
      const commands = substitute(step.commands, substitutes);

      const { stdout } = await run("bash", ["-e", "-c", commands], { cwd: checkout, env });

      expect(stdout).toMatch(printed(step.printed, substitutes));
    });
  }

  test("ends with Ctrl-C in order, and after a second `npm start` the data is still there", async () => {
    prism?.signal("SIGINT");
    expect(await prism?.exited).toBe(0);

    prism = await startPrism();
    const read = "curl -s http://127.0.0.1:50051/v1/namespaces/orders/kv/greeting";
    const { stdout } = await run("bash", ["-e", "-c", substitute(read, substitutes)], { cwd: checkout, env });

    expect(stdout).toBe("hello from PostgreSQL");
    prism.signal("SIGTERM");
    expect(await prism.exited).toBe(0);
  });
});

/** A checkout as a clone has it, but for the packages: those are shared. */
async function copyOfTheCheckout(): Promise<string> {
  const left = new Set([".git", ".cache", ".prism", "dist", "node_modules"]);
  const directory = await mkdtemp(join(tmpdir(), "prism-tour-"));
  await cp(root, directory, {
    recursive: true,
    filter: (path) => !left.has(relative(root, path)) && !path.endsWith(".sock"),
  });
  await symlink(join(root, "node_modules"), join(directory, "node_modules"));
  return directory;
}

/** An `npm start` that serves. */
interface Started {
  readonly exited: Promise<number | null>;
  output(): string;
  /** As a terminal does it: to everything it started. */
  signal(signal: NodeJS.Signals): void;
}

async function startPrism(): Promise<Started> {
  // In a process group of its own, as in a terminal of its own.
  const child: ChildProcess = spawn("npm", ["start"], {
    cwd: checkout,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const giveUp = exited.then((code) => `it exited with ${String(code)}\n${output}`);
  await until("npm start to serve", () => output.includes("Try it:"), { withinMs: startMs, giveUp });
  return {
    exited,
    output: () => output,
    signal: (signal) => {
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (child.pid !== undefined && isRunning) process.kill(-child.pid, signal);
    },
  };
}

function tourOf(readme: string): string {
  return readme.slice(readme.indexOf("## A five-minute tour"), readme.indexOf("## Configuration"));
}
