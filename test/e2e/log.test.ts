import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { temporaryDirectory } from "../support/temporary.js";

const chatter = "while :; do head -c 8000 /dev/zero | tr '\\0' x >&2; echo >&2; done";
const yaml = `namespaces:
  - { name: default, backend: memory }
  - { name: chatty, backend: x, plugin: { start_timeout_ms: 1h, command: [sh, -c, "${chatter.replaceAll("\\", "\\\\")}"] } }
`;

async function dropped({ admin }: RunningPrism): Promise<number> {
  const page = await (await fetch(`http://${admin}/metrics`)).text();
  return Number(/^prism_log_lines_dropped_total (\d+)$/m.exec(page)?.[1] ?? NaN);
}

async function serving(within?: readonly string[]): Promise<RunningPrism> {
  const prism = await servePrism({ yaml, unready: true, ...(within && { within }) });
  onTestFinished(() => prism.stop());
  await until("it to live", async () => (await fetch(`http://${prism.admin}/healthz`)).ok);
  return prism;
}

describe("whoever reads the log stops reading", () => {
  test("lines are dropped and counted, operators are answered, and one line tells how many once it is read again", async () => {
    const prism = await serving();
    prism.child.stderr?.pause();

    await until("lines to be dropped", async () => (await dropped(prism)) > 0);
    expect((await fetch(`http://${prism.admin}/healthz`)).status).toBe(200);
    prism.child.stderr?.resume();

    await until("the line that tells it", () => prism.output().includes("log lines were dropped"));
  });

  test("a pipe, and SIGTERM ends it all the same", async () => {
    const fifo = join(await temporaryDirectory(), "log");
    spawnSync("mkfifo", [fifo]);
    const reader = await open(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => reader.close());
    const prism = await serving(["sh", "-c", 'exec "$@" 2>"$0"', fifo]);

    await until("lines to be dropped", async () => (await dropped(prism)) > 0);
    prism.child.kill("SIGTERM");

    expect(await prism.exited).toBe(0);
  });

  test("and closes it: Prism serves on, and ends in order", async () => {
    const prism = await serving();
    const { stderr } = prism.child;
    if (!stderr) throw new Error("it has no stderr");
    const closed = once(stderr, "close");
    stderr.destroy();
    await closed;

    await until("lines to be dropped", async () => (await dropped(prism)) > 2);
    prism.child.kill("SIGTERM");

    expect(await prism.exited).toBe(0);
  });
});
