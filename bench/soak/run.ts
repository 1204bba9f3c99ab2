/** `npm run soak`: Prism under a mixed load for long, reloaded and killed meanwhile. See bench/README.md. */
import { parseArgs } from "node:util";
import { verdictTable } from "../report/terminal.js";
import type { SoakReport } from "./report.js";
import { soak } from "./soak.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(values.minutes) * 60;
if (!(seconds > 0)) {
  process.stderr.write(`--minutes ${values.minutes} is no time: give a number above 0, such as 0.5\n`);
  process.exit(2);
}
// The first Ctrl-C ends the load and leaves the report; it waits for nothing that has no deadline.
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const found = await soak({ seconds, signal: interrupted.signal, tell });
process.stdout.write(values.json ? `${JSON.stringify(found, null, 1)}\n` : `${shown(found)}\n`);
process.exitCode = exitCode(found);

function exitCode({ held }: SoakReport): number {
  if (interrupted.signal.aborted) return 130;
  return held ? 0 : 1;
}

function shown({
  seconds: ran,
  calls,
  left,
  cutByKills,
  done,
  verdicts,
  unexplained,
  losses,
}: SoakReport): string {
  const kinds = Object.entries(calls).map(([kind, count]) => `${count} ${kind}`);
  const { reloads, pluginKills, proxyKills } = done;
  const slowest = Math.max(0, ...[...pluginKills, ...proxyKills].map(({ servedAfterMs }) => servedAfterMs));
  return [
    `${Math.round(ran)} s: ${kinds.join(", ")}; ${left} left by their callers`,
    `${reloads.length} reloads, ${pluginKills.length} plugins and ${proxyKills.length} data planes killed, served again within ${Math.round(slowest)} ms; ${cutByKills} calls failed by that`,
    verdictTable(verdicts),
    ...unexplained.map(
      ({ kind, namespace, code, message }) => `${kind} on ${namespace}: ${code}: ${message}`,
    ),
    ...losses.slice(0, 20).map((loss) => `lost: ${JSON.stringify(loss)}`),
  ].join("\n");
}
