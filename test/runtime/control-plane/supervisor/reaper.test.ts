import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Reaper } from "../../../../src/runtime/control-plane/supervisor/reaper.js";
import { until } from "../../../support/running-prism.js";
import { isAlive, RecordingLog } from "../supervised.js";

const groups: number[] = [];
afterEach(() => {
  for (const group of groups.splice(0)) if (isAlive(group)) process.kill(-group, "SIGKILL");
});

/** A process that ignores SIGTERM and its stdin, in a group of its own. */
async function stubborn(): Promise<number> {
  const child = spawn(
    process.execPath,
    ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"],
    {
      detached: true,
    },
  );
  await once(child.stdout, "data");
  groups.push(child.pid ?? 0);
  return child.pid ?? 0;
}

test("when its runtime is gone the reaper ends every group it knows, also one that ignores SIGTERM", async () => {
  const reaper = new Reaper(new RecordingLog());
  const [kept, forgotten] = [await stubborn(), await stubborn()];
  reaper.add(kept);
  reaper.add(forgotten);
  reaper.remove(forgotten);

  await reaper.stop();

  await until("the group to end", () => !isAlive(kept));
  expect(isAlive(forgotten)).toBe(true);
});

test("a reaper that is killed is replaced, and the new one knows the same groups", async () => {
  const log = new RecordingLog();
  const reaper = new Reaper(log);
  const group = await stubborn();
  reaper.add(group);
  const first = reaper.pid;

  process.kill(first, "SIGKILL");
  await until("another reaper", () => reaper.pid !== 0 && reaper.pid !== first);
  await reaper.stop();

  await until("the group to end", () => !isAlive(group));
  expect(log.text).toContain("the reaper ended");
});

test("a runtime killed with SIGKILL leaves nothing behind: not what ignores SIGTERM and stdin, not what a plugin forked, not the reaper", async () => {
  const program = fileURLToPath(new URL("supervisor-host.ts", import.meta.url));
  const host = spawn(process.execPath, ["--import", "tsx", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(host.stdout.setEncoding("utf8"), "data")) as [string];
  const { pids, directory } = JSON.parse(line) as { pids: number[]; directory: string };
  expect(pids.map(isAlive)).toEqual([true, true, true, true]);

  host.kill("SIGKILL");

  await until("every process to end", () => !pids.some(isAlive));
  await rm(directory, { recursive: true });
});
