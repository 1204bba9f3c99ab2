import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { SoakReport } from "../../bench/soak/report.js";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url).pathname;
/** `PRISM_SOAK_MINUTES=30` for what a release is held to. */
const minutes = process.env["PRISM_SOAK_MINUTES"] ?? "2";

test(
  "a mixed load with reloads, kills and cancellations loses no acknowledged write and no call but those of what was killed",
  async () => {
    const args = ["--import", "tsx", "bench/soak/run.ts", "--json", "--minutes", minutes];

    // A promise that was not kept is exit code 1, with the report all the same.
    const { stdout } = await run(process.execPath, args, { cwd: root }).catch(
      (reason: unknown) => reason as { stdout: string },
    );

    const { verdicts, unexplained, losses, done } = JSON.parse(stdout) as SoakReport;
    expect({ missed: verdicts.filter(({ holds }) => !holds), unexplained, losses }).toEqual({
      missed: [],
      unexplained: [],
      losses: [],
    });
    expect([done.reloads, done.pluginKills, done.proxyKills].map(({ length }) => length > 0)).toEqual([
      true,
      true,
      true,
    ]);
  },
  Number(minutes) * 60_000 + 120_000,
);
