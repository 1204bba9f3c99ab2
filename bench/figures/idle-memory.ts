import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/running-prism.js";
import { atMost, type Finding } from "../report/finding.js";
import type { Stage } from "../stage.js";
import { treeOf } from "../subjects/processes.js";
import { root, terminate, until } from "../subjects/subject.js";

const mostMiB = 110;
const settleMs = 5_000;

/** Memory of all processes of a Prism that serves one `memory` namespace and is asked nothing, what they share counted once. */
export async function idleMemory({ place, tell }: Stage): Promise<Finding> {
  const config = join(place.directory, "idle.yaml");
  const admin = `127.0.0.1:${await freePort()}`;
  const server = {
    ...{ listen: `127.0.0.1:${await freePort()}`, admin, proxies: 1 },
    state_dir: join(place.directory, "idle-state"),
  };
  writeFileSync(config, JSON.stringify({ server, namespaces: [{ name: "default", backend: "memory" }] }));
  const child = spawn(process.execPath, [join(root, "bin/run.js"), "serve", "--config", config], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    await until("Prism is not ready", async () => (await fetch(`http://${admin}/readyz`)).ok);
    tell("memory of an idle Prism");
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const bytes = treeOf(child.pid ?? 0).proportionalBytes();
    const rows = [...bytes].map(([pid, each]) => [roleOf(pid), inMiB(each)]);
    const all = [...bytes.values()].reduce((sum, each) => sum + each, 0);
    return {
      name: "idle-memory",
      title: "An idle Prism with one memory namespace, MiB of each process (PSS)",
      table: { head: ["process", "MiB"], rows: [...rows, ["all", inMiB(all)]] },
      notes: [
        "What processes share is counted by shares, with every other process of the machine that runs the same Node.js.",
      ],
      verdicts: [
        atMost(
          "memory of an idle Prism",
          { value: all, text: `${inMiB(all)} MiB` },
          { value: mostMiB * 2 ** 20, text: `${mostMiB} MiB` },
        ),
      ],
      plots: [],
      record: { processes: rows, all },
    };
  } finally {
    await terminate(child);
  }
}

function roleOf(pid: number): string {
  const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
  if (command.includes("data-plane/main.js")) return "proxy";
  if (command.includes("sdk/host.js")) return "plugin";
  return command.includes("bin/run.js") ? "runtime" : "reaper";
}

function inMiB(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
