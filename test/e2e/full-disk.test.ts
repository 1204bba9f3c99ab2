import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type RunningPrism, servePrism } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

const value = "x".repeat(32 * 1024);
const ballastBytes = 2 * 1024 * 1024;
const mostWrites = 1000;

let prism: RunningPrism;
afterEach(() => prism.stop());

test("a disk that fills up takes nothing that was acknowledged, and when there is room again writes go on", async () => {
  prism = await onSmallDisk("true");
  // The disk is in a mount namespace of its own; its files are reached through the process.
  const ballast = `/proc/${prism.child.pid}/root${join(prism.directory, "state", "ballast")}`;
  await writeFile(ballast, Buffer.alloc(ballastBytes));
  const client = new StockClient(prism.address);

  const acknowledged: string[] = [];
  const refusal = await fill(client, acknowledged);
  const kept = await Promise.all(acknowledged.map((key) => client.get(key)));
  await rm(ballast);
  await client.set("after", "there is room again");

  expect(refusal).toMatchObject({ code: 8 });
  expect(String(refusal)).toContain("the disk is full");
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(kept.every((found) => found === value)).toBe(true);
  client.close();
});

test("a state directory on a full disk is refused at the start, and the sentence says so", async () => {
  prism = await onSmallDisk('! head -c 64m /dev/zero > "$0/ballast" 2>/dev/null', { unready: true });

  const code = await prism.exited;

  expect(code).toBe(2);
  expect(prism.output()).toContain("the disk is full");
});

/** Serves with its state directory on a disk of a few megabytes that nobody else sees; any user may mount one so. */
async function onSmallDisk(prepare: string, more: { unready?: boolean } = {}): Promise<RunningPrism> {
  const directory = await mkdtemp(join(tmpdir(), "prism-e2e-"));
  const state = join(directory, "state");
  await mkdir(state);
  const script = `mount -t tmpfs -o size=8m,mode=0700 none "$0" && ${prepare} && exec "$@"`;
  const within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, state];
  return servePrism({ directory, within, ...more });
}

/** Writes until it is refused, and tells how. */
async function fill(client: StockClient, acknowledged: string[]): Promise<unknown> {
  for (let n = 0; n < mostWrites; n++) {
    const key = `key-${n}`;
    try {
      await client.set(key, value);
    } catch (reason) {
      return reason;
    }
    acknowledged.push(key);
  }
  return undefined;
}
