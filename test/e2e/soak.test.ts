import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url).pathname;
/** A round of reloads and kills fits in it; `PRISM_SOAK_MINUTES=30` for what a release is held to. */
const minutes = process.env["PRISM_SOAK_MINUTES"] ?? "0.35";

test(
  "a mixed load with reloads, kills and cancellations loses no acknowledged write and no call but those of what was killed",
  async () => {
    const args = ["--import", "tsx", "bench/soak/run.ts", "--json", "--minutes", minutes];

    // Exit code 1, which rejects with the report, is a promise that was not kept.
    const { stdout } = await run(process.execPath, args, { cwd: root });

    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ held: true, unexplained: [], losses: [] });
    expect(report["done"]).toMatchObject({
      reloads: expect.arrayContaining([expect.anything()]) as unknown,
      pluginKills: expect.arrayContaining([expect.anything()]) as unknown,
      proxyKills: expect.arrayContaining([expect.anything()]) as unknown,
    });
  },
  Number(minutes) * 60_000 + 120_000,
);
