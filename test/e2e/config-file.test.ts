import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { freePort, type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

const run = new URL("../../bin/run.js", import.meta.url).pathname;

let prism: RunningPrism | undefined;
afterEach(async () => {
  await prism?.stop();
  prism = undefined;
});

test.each(["instances", "watches"])(
  "where no inotify %s are left, Prism serves, says once that it looks for edits instead, and takes them",
  async (what) => {
    const script = `echo 0 > /proc/sys/user/max_inotify_${what}; exec "$@"`;
    const within = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"];
    prism = await servePrism({ within, yaml: "namespaces: [{ name: orders, backend: memory }]\n" });
    const { admin, address, directory, output } = prism;
    const client = new StockClient(address);
    onTestFinished(() => client.close());

    const server = `server: { listen: "${address}", admin: "${admin}", proxies: 1, state_dir: state }\n`;
    const edited = `${server}namespaces: [{ name: orders, backend: memory }, { name: carts, backend: memory }]\n`;
    await writeFile(join(directory, "prism.yaml"), edited);

    await until("the edit to be taken", () => client.set("k", "v", { namespace: "carts" }).then(() => true));
    expect(output().match(/files cannot be watched, so edits are looked for every 5 s/g)).toHaveLength(1);
  },
);

test("a configuration that can be read once, from a pipe, is served and not followed, and the log says so", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prism-e2e-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const address = `127.0.0.1:${await freePort()}`;
  const yaml = `server: { listen: "${address}", admin: "127.0.0.1:0", state_dir: state }\nnamespaces: [{ name: orders, backend: memory }]\n`;
  await writeFile(join(directory, "there.yaml"), yaml);
  const script = `exec "$0" "$1" serve --config <(cat there.yaml)`;
  const child = spawn("bash", ["-c", script, process.execPath, run], { cwd: directory });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const client = new StockClient(address);
  onTestFinished(() => client.close());
  const exited = once(child, "exit");

  await until("it to serve", () => output.includes("is not followed: it is no regular file"));
  await client.set("k", "v", { namespace: "orders" });
  child.kill("SIGTERM");

  expect(await exited).toEqual([0, null]);
});
