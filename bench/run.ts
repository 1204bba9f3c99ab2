/** `npm run bench`: Prism beside its peers, one plugin, one load generator, one run. See bench/README.md. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { objects } from "./objects.js";
import { plot } from "./plot.js";
import { type Findings, machine, table, verdicts, verdictTable } from "./report.js";
import { type Effort, smallCalls } from "./small-calls.js";
import { startHaproxy, startNginx, startPlugin, startPrism, startScript, type Subject } from "./subjects.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "4" },
    streams: { type: "string", default: "16" },
    keep: { type: "boolean", default: false },
  },
});
const effort: Effort = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  streams: Number(values.streams),
};
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

const directory = mkdtempSync(join(tmpdir(), "prism-bench-"));
const bench = { directory, socket: join(directory, "plugin.sock") };
const running: { stop(): unknown }[] = [];
try {
  const findings = await run();
  const held = verdicts(findings);
  process.stdout.write(`${table(findings)}\n\n${verdictTable(held)}\n`);
  if (values.keep) keep(findings);
} finally {
  for (const subject of running.reverse()) await subject.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** Starts everything, measures, and gives the findings. */
async function run(): Promise<Findings> {
  const plugin = await startPlugin(bench.socket);
  running.push({ stop: () => plugin.kill() });
  const prism = await started(startPrism(bench));
  const relay = await started(startScript("tcp relay", "tcp-relay.ts", bench));
  const peers = [relay];
  const missing: string[] = [];
  for (const optional of [await startHaproxy(bench), await startNginx(bench)]) {
    if (typeof optional === "string") missing.push(optional);
    else peers.push(await started(Promise.resolve(optional)));
  }
  peers.push(await started(startScript("node:http2", "http2-proxy.ts", bench)));
  peers.push(await started(startScript("grpc-js", "grpc-js-proxy.ts", bench)));
  const small = await smallCalls(prism, peers, { effort, tell });
  return {
    small,
    objects: await objects(prism, relay, { rounds: effort.rounds, seconds: effort.seconds * 2, tell }),
    missing,
  };
}

async function started(subject: Promise<Subject>): Promise<Subject> {
  const up = await subject;
  running.push(up);
  return up;
}

/** Writes the run's figures and their plot beside the bench. */
function keep(findings: Findings): void {
  const results = new URL("results/", import.meta.url).pathname;
  writeFileSync(join(results, "cpu-per-call.svg"), plot(findings));
  const record = { machine: machine(), effort, verdicts: verdicts(findings), ...findings };
  writeFileSync(join(results, "latest.json"), JSON.stringify(record, null, 1) + "\n");
}
