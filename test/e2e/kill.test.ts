import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningPrism, servePrism, until, untilReady } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

let prism: RunningPrism | undefined;
let client: StockClient | undefined;
afterEach(async () => {
  client?.close();
  await prism?.stop();
});

describe("kill -9 under write load", () => {
  for (const victim of ["sidecar", "data plane"] as const) {
    test(`of the ${victim}: it is replaced by itself, and every acknowledged write is there`, async () => {
      prism = await servePrism();
      client = new StockClient(prism.address);
      const writes = new WriteLoad(client);

      await until("the first writes", () => writes.acknowledged.length > 200);
      const pid = pidOf(prism, victim);
      process.kill(pid, "SIGKILL");
      const before = writes.acknowledged.length;
      await until("writes after the kill", () => writes.acknowledged.length > before + 200);
      await writes.stop();

      expect(pidOf(prism, victim)).not.toBe(pid);
      expect(await missing(client, writes.acknowledged)).toEqual([]);
    });
  }

  test("of the runtime: nothing is left running, and the next start has every acknowledged write", async () => {
    const first = await servePrism();
    const { directory, address, admin } = first;
    client = new StockClient(address);
    const writes = new WriteLoad(client);
    await until("the first writes", () => writes.acknowledged.length > 200);
    const pids = descendants(first.child.pid ?? 0);

    first.child.kill("SIGKILL");
    await first.exited;
    await writes.stop();
    await until("all its processes to end", () => pids.every((pid) => !alive(pid)));
    prism = await servePrism({ directory, address, admin });
    await untilReady(prism);

    expect(pids.length).toBeGreaterThan(1);
    expect(await missing(client, writes.acknowledged)).toEqual([]);
  });
});

/** Writes keys one after another from several callers and remembers what was acknowledged. */
class WriteLoad {
  readonly acknowledged: string[] = [];
  readonly #callers: Promise<void>[];
  #stopped = false;

  constructor(client: StockClient) {
    this.#callers = Array.from({ length: 8 }, (_, caller) => this.#write(client, caller));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #write(client: StockClient, caller: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const key = `${caller}-${i}`;
      // A write that fails was not acknowledged: nothing is promised of it.
      await client.set(key, key, { deadlineMs: 2_000 }).then(
        () => this.acknowledged.push(key),
        () => undefined,
      );
    }
  }
}

async function missing(client: StockClient, keys: readonly string[]): Promise<string[]> {
  const values = await Promise.all(keys.map((key) => client.get(key)));
  return keys.filter((key, i) => values[i] !== key);
}

function pidOf({ child }: RunningPrism, victim: "sidecar" | "data plane"): number {
  const mark = victim === "sidecar" ? "sdk/host.js" : "data-plane/main.js";
  const found = descendants(child.pid ?? 0).find((pid) => commandLine(pid).includes(mark));
  return found ?? 0;
}

function descendants(root: number): number[] {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found) for (const [pid = 0, ppid] of pairs) if (ppid === parent) found.push(pid);
  return found.slice(1);
}

function commandLine(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

/** A zombie that nobody has waited for is not running. */
function alive(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .startsWith("Z");
  } catch {
    return false;
  }
}
