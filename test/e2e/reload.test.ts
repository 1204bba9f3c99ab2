import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { stepsOf, substitute } from "../support/documented-steps.js";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

const run = promisify(execFile);
const bin = new URL("../../bin/run.js", import.meta.url).pathname;

let prism: RunningPrism | undefined;
let client: StockClient | undefined;
afterEach(async () => {
  client?.close();
  await prism?.stop();
});

describe("a reload under load", () => {
  for (const proxies of [0, 2]) {
    test(`loses no call and proves it by its ledger, with ${proxies} data-plane processes`, async () => {
      prism = await servePrism({ proxies });
      client = new StockClient(prism.address);
      const load = new Load(client);
      await until("the load to run", () => load.ok > 100);

      const reloaded = await reload(prism, "default");
      const after = load.ok;
      await until("calls after the reload", () => load.ok > after + 100);
      await load.stop();

      expect(load.failures).toEqual([]);
      expect(reloaded.ledger.lost).toBe(0);
      expect(reloaded.ledger.cut).toBe(0);
      expect(reloaded.ledger.started).toBe(reloaded.ledger.completed + reloaded.ledger.failed);
      expect(reloaded.ledger.started).toBeGreaterThan(100);
    });
  }

  test("over the RFC's HTTP address answers the ledger too, as docs/architecture.md says", async () => {
    prism = await servePrism();
    const page = await readFile(new URL("../../docs/architecture.md", import.meta.url), "utf8");
    const [step] = stepsOf(page);
    const commands = substitute(step?.commands ?? "", [
      ["127.0.0.1:50052", prism.admin],
      [".prism/", `${prism.directory}/state/`],
      ["orders", "default"],
    ]);

    const { stdout } = await run("bash", ["-e", "-c", commands]);

    expect(JSON.parse(stdout)).toMatchObject({ namespace: "default", ledger: { lost: 0 } });
  });

  test("of a namespace that is not there says so with the nearest name", async () => {
    prism = await servePrism();
    const { admin } = prism;

    const failed = run(process.execPath, [bin, "plugin", "reload", "defualt", "--admin", admin]);

    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"default"') as string,
    });
  });
});

/** The numbers of a ledger as `prism plugin reload --json` prints them. */
type Ledger = Record<"started" | "completed" | "failed" | "cut" | "lost", number>;

async function reload({ admin }: RunningPrism, namespace: string): Promise<{ ledger: Ledger }> {
  const { stdout } = await run(process.execPath, [
    bin,
    "plugin",
    "reload",
    namespace,
    "--admin",
    admin,
    "--json",
  ]);
  const { ledger } = JSON.parse(stdout) as { ledger: Record<keyof Ledger, number | string> };
  const numbers = Object.fromEntries(Object.entries(ledger).map(([name, value]) => [name, Number(value)]));
  return { ledger: numbers as Ledger };
}

/** Writes and reads from several callers at once, and remembers every failure. */
class Load {
  ok = 0;
  readonly failures: unknown[] = [];
  readonly #callers: Promise<void>[];
  #stopped = false;

  constructor(client: StockClient) {
    this.#callers = Array.from({ length: 8 }, (_, caller) => this.#call(client, `load-${caller}`));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #call(client: StockClient, key: string): Promise<void> {
    while (!this.#stopped) {
      try {
        await client.set(key, "value");
        await client.get(key);
        this.ok += 2;
      } catch (reason) {
        this.failures.push(reason);
        return;
      }
    }
  }
}
