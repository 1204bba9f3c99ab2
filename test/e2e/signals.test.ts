import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type RunningPrism, type ServeOptions, servePrism, until } from "../support/running-prism.js";
import { temporaryDirectory } from "../support/temporary.js";

const yaml = "namespaces: [{ name: default, backend: memory, plugin: { type: sidecar } }]\n";

async function serving(options: ServeOptions = {}): Promise<RunningPrism> {
  const prism = await servePrism({ yaml, ...options });
  onTestFinished(() => prism.stop());
  return prism;
}

/** The processes below one, itself included. */
function treeOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return [pid, ...children.filter((child) => child !== "").flatMap((child) => treeOf(Number(child)))];
}

test("as process 1 Prism says at its start what is missing, and ends in order at SIGTERM", async () => {
  const prism = await serving({
    within: ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"],
  });
  const [, one = 0] = treeOf(prism.child.pid ?? 0);

  process.kill(one, "SIGTERM");

  expect(await prism.exited).toBe(0);
  expect(prism.output()).toContain("nobody reaps the processes that plugins leave behind");
});

for (const signal of ["SIGHUP", "SIGQUIT"] as const) {
  test(`${signal} ends Prism in order: exit code 0, and nothing left in its state directory's run`, async () => {
    const prism = await serving();

    prism.child.kill(signal);

    expect(await prism.exited).toBe(0);
    expect(await readdir(join(prism.directory, "state", "run"))).toEqual([]);
  });
}

test("SIGUSR1 opens no debugger in any process of Prism's, and ends none; nor does SIGUSR2", async () => {
  const prism = await serving();
  const before = treeOf(prism.child.pid ?? 0);

  for (const pid of before) process.kill(pid, "SIGUSR1");
  for (const pid of before) process.kill(pid, "SIGUSR2");
  // What asks a process a question hears of it after the signals.
  await until("it to be ready", async () => (await fetch(`http://${prism.admin}/readyz`)).ok);
  await fetch(`http://${prism.address}/v1/namespaces/default/kv/k`);

  expect(before.length).toBeGreaterThanOrEqual(4);
  expect(treeOf(prism.child.pid ?? 0)).toEqual(before);
  expect(before.filter((pid) => listens(pid))).toEqual([]);
  expect(prism.output()).not.toContain("Debugger listening");
});

/** Whether a process listens where Node's debugger does. */
function listens(pid: number): boolean {
  const port = (9229).toString(16).toUpperCase();
  const sockets = readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n");
  return sockets.some((row) => row.includes(`0100007F:${port} 00000000:0000 0A`));
}

test("SIGTERM while Prism still loads its code is heard: it does not start, and exits 0", async () => {
  const directory = await temporaryDirectory();
  const preload = join(directory, "preload.mjs");
  await writeFile(
    preload,
    `import { register } from "node:module"; register("./hooks.mjs", import.meta.url);`,
  );
  // Signals itself when the command line is looked up.
  await writeFile(
    join(directory, "hooks.mjs"),
    `export async function resolve(name, context, next) {
      if (name.endsWith("/load-bundle.js")) process.kill(process.pid, "SIGTERM");
      return await next(name, context);
    }`,
  );
  const NODE_OPTIONS = `--import ${pathToFileURL(preload).href}`;

  const prism = await serving({ unready: true, env: { NODE_OPTIONS } });

  expect(await prism.exited).toBe(0);
  expect(prism.output()).not.toContain("Prism serves");
});

test("under npx, which ends the shell between, Prism ends in order with that shell", async () => {
  const npx = ["sh", "-c", '"$@" & echo $! && wait', "npx"];
  const prism = await serving({ within: npx, env: { npm_lifecycle_event: "npx" } });
  const [pid] = treeOf(prism.child.pid ?? 0).slice(1);

  prism.child.kill("SIGTERM");
  await prism.exited;

  await until("Prism to be gone", () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] === "Z";
    } catch {
      return true;
    }
  });
  expect(await readdir(join(prism.directory, "state", "run"))).toEqual([]);
});
