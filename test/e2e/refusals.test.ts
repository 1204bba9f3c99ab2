import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningPrism, servePrism } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

const running: RunningPrism[] = [];
const serve = async (options: Parameters<typeof servePrism>[0]): Promise<RunningPrism> => {
  const prism = await servePrism(options);
  running.push(prism);
  return prism;
};
afterEach(async () => {
  for (const prism of running.splice(0).reverse()) await prism.stop();
});

describe("prism serve refuses to start, says why, and leaves nothing behind", () => {
  test("when the port is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const address = `127.0.0.1:${(squatter.address() as AddressInfo).port}`;

    const prism = await serve({ address, unready: true });
    const code = await prism.exited;
    squatter.close();

    expect(code).toBe(2);
    expect(prism.output()).toContain(address);
    expect(prism.output()).toContain("server.listen");
  });

  test("when another runtime holds the state directory, naming its process; the other goes on", async () => {
    const first = await serve({});

    const second = await serve({ directory: first.directory, unready: true });
    const code = await second.exited;
    const client = new StockClient(first.address);
    await client.set("still", "here");
    client.close();

    expect(code).toBe(2);
    expect(second.output()).toContain(String(first.child.pid));
  });

  test("when the state directory cannot be written", async () => {
    const directory = await mkdtemp(join(tmpdir(), "prism-e2e-"));
    await mkdir(join(directory, "state"));
    await chmod(directory, 0o755);
    await chmod(join(directory, "state"), 0o555);

    const { status, stderr } = asNobody(directory);
    await rm(directory, { recursive: true, force: true });

    expect(status).toBe(2);
    expect(stderr).toContain("state");
    expect(stderr).toMatch(/cannot be written|not writable|permission/i);
  });
});

/** Root may write anywhere, so this one runs as a plain user where it can. */
function asNobody(directory: string): { status: number | null; stderr: string } {
  const plain = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const args = [
    new URL("../../bin/run.js", import.meta.url).pathname,
    "serve",
    "--state-dir",
    join(directory, "state"),
  ];
  const env = { ...process.env, HOME: directory };
  return spawnSync(process.execPath, args, {
    ...plain,
    env,
    cwd: directory,
    encoding: "utf8",
    timeout: 20_000,
  });
}
