import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";

const module = new URL("../../src/cli/stop-signals.ts", import.meta.url).href;
const program = `
  import { aborted, stopSignal } from ${JSON.stringify(module)};
  const alive = setInterval(() => undefined, 1000);
  const signal = stopSignal();
  console.log("ready");
  await aborted(signal);
  console.log("stopping");
  if (process.argv[1] === "quickly") clearInterval(alive);
`;

let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));

async function started(...argv: string[]): Promise<ChildProcess> {
  child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await said("ready");
  return child;
}

async function said(word: string): Promise<void> {
  const stdout = child?.stdout;
  if (!stdout) throw new Error("no program runs");
  for (;;) {
    const [bytes] = (await once(stdout, "data")) as [Buffer];
    if (bytes.toString().includes(word)) return;
  }
}

async function exit(): Promise<unknown> {
  const [code] = (await once(child ?? process, "exit")) as unknown[];
  return code;
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) {
  test(`${signal} asks for an orderly stop, which ends with exit code 0`, async () => {
    const running = await started("quickly");

    running.kill(signal);

    expect(await exit()).toBe(0);
  });
}

test("a second SIGINT ends a stop that takes long, with exit code 130", async () => {
  const running = await started();
  running.kill("SIGINT");
  await said("stopping");

  // The same press of Ctrl-C reaches a program twice under npm: what comes at once is not a second one.
  const presses = setInterval(() => running.kill("SIGINT"), 50);

  expect(await exit()).toBe(130);
  clearInterval(presses);
});

test("SIGUSR1 and SIGUSR2 are heard and mean nothing", async () => {
  const running = await started("quickly");

  running.kill("SIGUSR1");
  running.kill("SIGUSR2");
  running.kill("SIGTERM");

  expect(await exit()).toBe(0);
});
