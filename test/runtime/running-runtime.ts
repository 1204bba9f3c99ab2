import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { TimeLimit } from "../../src/protocol/index.js";
import {
  loadConfig,
  type Runtime,
  type RuntimeStatus,
  type StartOptions,
  startRuntime,
} from "../../src/runtime/index.js";
import { StockClient } from "../support/stock-client.js";

/** What to serve. */
export interface RuntimeOptions extends StartOptions {
  /** YAML of everything but `server:`; two namespaces in memory where it is absent. */
  readonly yaml?: string;
  readonly proxies?: number;
  /** Serve from this directory, as an earlier run left it. */
  readonly directory?: string;
  /** More keys of `server:`, as in `limits: { connections: 10 }`. */
  readonly serverKeys?: string;
  /** Where operators are served; any port of 127.0.0.1 where it is absent. */
  readonly admin?: string;
  /** Where clients are served; any port of 127.0.0.1 where it is absent. */
  readonly listen?: string;
}

/** A runtime in this process, on ports of its own. */
export interface RunningRuntime {
  readonly runtime: Runtime;
  readonly directory: string;
  /** The served file. */
  readonly file: string;
  readonly admin: string;
  readonly address: string;
  readonly client: StockClient;
  readonly status: () => Promise<RuntimeStatus>;
  /** Writes the served file anew, with the same `server:`. */
  readonly edit: (yaml: string) => Promise<void>;
  /** Asks again and again until the status is so. */
  readonly until: (holds: (status: RuntimeStatus) => boolean) => Promise<RuntimeStatus>;
}

/** YAML of namespaces in memory, in worker threads as those start soonest; a name may be followed by more keys. */
export function inMemory(...names: string[]): string {
  const entries = names.map(
    (name) => `  - { name: ${name}, backend: memory, plugin: { type: in_process } }\n`,
  );
  return `namespaces:\n${entries.join("")}`;
}

/** Starts a runtime that ends with the test. */
export async function startForTest(options: RuntimeOptions = {}): Promise<RunningRuntime> {
  const {
    yaml = inMemory("orders", "carts"),
    proxies = 0,
    listen: where = "127.0.0.1:0",
    admin: adminAt = "127.0.0.1:0",
    serverKeys,
    ...start
  } = options;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "prism-rt-")));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "prism.yaml");
  const head =
    `server: { listen: "${where}", admin: "${adminAt}", proxies: ${proxies}, state_dir: state, drain_ms: 5s${serverKeys === undefined ? "" : `, ${serverKeys}`} }\n` +
    "telemetry: { log: { level: error, format: json } }\n";
  await writeFile(file, head + yaml);

  const config = await loadConfig({ file, env: process.env, cwd: directory });
  const runtime = await startRuntime(config, { cwd: directory, ...start });
  const { listen, admin } = await runtime.status();
  const client = new StockClient(listen[0] ?? "");
  onTestFinished(async () => {
    client.close();
    await runtime.stop();
  });
  const status = (): Promise<RuntimeStatus> => runtime.status();
  return {
    ...{ runtime, directory, file, admin, client, status },
    address: listen[0] ?? "",
    edit: (text) => writeFile(file, head + text),
    until: async (holds) => {
      using limit = new TimeLimit(15_000);
      for (;;) {
        const now = await status();
        if (holds(now)) return now;
        if (limit.signal.aborted) throw new Error(`waited in vain; it is ${JSON.stringify(now, null, 2)}`);
        await new Promise(setImmediate);
      }
    },
  };
}
