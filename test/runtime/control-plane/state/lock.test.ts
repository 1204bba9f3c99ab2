import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Lock, lockDirectory } from "../../../../src/runtime/control-plane/state/lock.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const holder = fileURLToPath(new URL("lock-holder.js", import.meta.url));

async function lock(directory: string): Promise<Lock> {
  const taken = await lockDirectory(directory, directory);
  onTestFinished(() => taken.release());
  return taken;
}

/** A process of its own that holds the lock. */
async function holdElsewhere(directory: string) {
  const child = spawn(process.execPath, [holder, directory], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

describe("the lock of a state directory", () => {
  test("is one runtime's; another is told its process", async () => {
    const directory = await temporaryDirectory();
    await lock(directory);

    const second = lock(directory);

    await expect(second).rejects.toThrow(`process ${process.pid}`);
    await expect(second).rejects.toMatchObject({ kind: "invalidConfig" });
  });

  test("is free again once it is released", async () => {
    const directory = await temporaryDirectory();
    const first = await lock(directory);

    await first.release();

    await expect(lock(directory)).resolves.toBeDefined();
  });

  test("is told to be another process's", async () => {
    const directory = await temporaryDirectory();
    const child = await holdElsewhere(directory);

    await expect(lock(directory)).rejects.toThrow(`process ${child.pid ?? 0}`);
  });

  test("is told to be held where its holder is stopped and cannot say who it is", async () => {
    const directory = await temporaryDirectory();
    const child = await holdElsewhere(directory);
    child.kill("SIGSTOP");

    await expect(lock(directory)).rejects.toThrow("another Prism runtime holds the lock");
  });

  test("of a holder that was killed goes to exactly one of many that come at once", async () => {
    const directory = await temporaryDirectory();
    const child = await holdElsewhere(directory);
    child.kill("SIGKILL");
    await once(child, "exit");

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lock(directory)));

    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(String(outcome.reason)).toContain(`process ${process.pid}`);
  });

  test("leaves one link and no sockets behind, however often it changes hands", async () => {
    const directory = await temporaryDirectory();

    for (let round = 0; round < 5; round++) await (await lock(directory)).release();

    expect(await readdir(directory)).toEqual(["5"]);
  });
});
