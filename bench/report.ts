import { cpus, totalmem } from "node:os";
import chalk from "chalk";
import Table from "cli-table3";
import { type Sample, spread } from "./measure.js";
import type { Objects } from "./objects.js";
import type { SmallCalls } from "./small-calls.js";

/** All that one run found. */
export interface Findings {
  readonly small: SmallCalls;
  readonly objects: Objects;
  readonly missing: readonly string[];
}

/** One figure held against what it must reach. */
export interface Verdict {
  readonly figure: string;
  readonly must: string;
  readonly is: string;
  readonly holds: boolean;
}

/** The machine in a few words. */
export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/** The rows of the plot and of the table: who, and CPU per call. */
export function rows({ small }: Findings): { name: string; samples: readonly Sample[] }[] {
  return [
    { name: "prism (Data/Execute)", samples: small.prism },
    { name: "prism (KeyValue/Get)", samples: small.typed },
    ...small.peers.map(({ name, samples }) => ({ name, samples })),
  ];
}

/** The figures as a table for a terminal. */
export function table(findings: Findings): string {
  const head = [
    "small unary call",
    "CPU µs/call",
    "least–most",
    "calls/s",
    "p50 ms",
    "p99 ms",
    "RSS MiB",
    "failed",
  ];
  const out = new Table({ head, style: { head: [], border: [] } });
  for (const { name, samples } of rows(findings)) {
    const cpu = spread(samples.map((s) => s.cpuMicrosPerCall));
    const mid = (pick: (s: Sample) => number): number => spread(samples.map(pick)).median;
    out.push([
      name,
      chalk.bold(cpu.median.toFixed(1)),
      `${cpu.least.toFixed(1)}–${cpu.most.toFixed(1)}`,
      Math.round(mid((s) => s.calls / s.seconds)),
      mid((s) => s.p50Ms).toFixed(2),
      mid((s) => s.p99Ms).toFixed(2),
      Math.round(mid((s) => s.rssBytes) / 2 ** 20),
      samples.reduce((sum, s) => sum + s.failed, 0),
    ]);
  }
  const control = spread(findings.small.control);
  const lines = [
    out.toString(),
    `A/A control (prism over prism): median ${control.median.toFixed(2)}, ${control.least.toFixed(2)}–${control.most.toFixed(2)}`,
    machine(),
    ...findings.missing,
  ];
  return lines.join("\n");
}

/** The figures the issue asks for, each held against its bound. */
export function verdicts({ small, objects }: Findings): Verdict[] {
  const ratio = (peer: string, bound: number, word: string): Verdict[] => {
    const found = small.peers.find(({ name }) => name === peer);
    if (!found) return [];
    const { median, least, most } = spread(found.ratios);
    const is = `${median.toFixed(3)} (${least.toFixed(3)}–${most.toFixed(3)})`;
    return [{ figure: `CPU per call over ${peer}'s`, must: `≤ ${word}`, is, holds: median <= bound }];
  };
  const throughput = (call: "put" | "fetch"): Verdict => {
    const speed = (samples: readonly Sample[]): number =>
      spread(samples.map((s) => s.megabytesPerSecond)).median;
    const [ours, relays] = [speed(objects[call].prism), speed(objects[call].relay)];
    const is = `${(ours / relays).toFixed(2)} (${Math.round(ours)} of ${Math.round(relays)} MB/s)`;
    return { figure: `64 MiB ${call} over the relay's`, must: "≥ 0.5", is, holds: ours / relays >= 0.5 };
  };
  const grew = objects.slowReaders.grewBytes / 2 ** 20;
  return [
    ...ratio("nginx grpc_pass", 1, "1"),
    ...ratio("node:http2", 1 / 5, "1/5 = 0.200"),
    ...ratio("grpc-js", 1 / 12, "1/12 = 0.083"),
    throughput("put"),
    throughput("fetch"),
    {
      figure: `RSS growth, ${objects.slowReaders.callers} slow readers`,
      must: "< 64 MiB",
      is: `${grew.toFixed(1)} MiB`,
      holds: grew < 64,
    },
  ];
}

/** The verdicts as a table for a terminal. */
export function verdictTable(list: readonly Verdict[]): string {
  const out = new Table({ head: ["figure", "must", "is", ""], style: { head: [], border: [] } });
  for (const { figure, must, is, holds } of list)
    out.push([figure, must, is, holds ? chalk.green("holds") : chalk.red("missed")]);
  return out.toString();
}
