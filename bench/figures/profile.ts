import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measure, type Sample } from "../load/measure.js";
import { type CpuProfile, type Reading, readProfile } from "../profile/read-profile.js";
import { unbundled } from "../profile/unbundled.js";
import type { Finding, Rows } from "../report/finding.js";
import type { Stage } from "../stage.js";
import { startDataPlane } from "../subjects/data-plane.js";
import { root } from "../subjects/subject.js";
import { shapes, small } from "./shapes.js";

const folder = join(root, ".cache/profile");
const shownFunctions = 25;
/** The part of the profile that is read: the code is warm then, and the load has not ended yet. */
const [from, to] = [0.4, 0.95];

interface Case {
  readonly name: string;
  /** Its folder's name. */
  readonly folder: string;
  readonly traced: boolean;
  readonly namespaces: number;
}

interface Found extends Case {
  readonly sample: Sample;
  /** Microseconds of a call's CPU, layer by layer and function by function. */
  readonly layers: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
}

const cases: readonly Case[] = [
  { name: "with its trace", folder: "traced", traced: true, namespaces: 1 },
  { name: "10,000 namespaces in turn", folder: "namespaces", traced: true, namespaces: 10_000 },
  { name: "one header block", folder: "one-block", traced: false, namespaces: 1 },
];

/** Where a KeyValue/Get's CPU goes in the data plane, by V8's profiler: what each part and each function takes itself. */
export async function profile(stage: Stage): Promise<Finding> {
  const found: Found[] = [];
  for (const wanted of cases) found.push(await profiled(stage, wanted));
  return {
    name: "profile",
    title: "Where the CPU of a KeyValue/Get goes, µs a call",
    table: table(found),
    notes: ["the profiles lie in .cache/profile/; Chrome's developer tools show them as flame graphs"],
    verdicts: [],
    plots: [],
    record: found,
  };
}

async function profiled(stage: Stage, wanted: Case): Promise<Found> {
  const { name, traced, namespaces } = wanted;
  stage.tell(`profile: ${name}`);
  const directory = join(folder, wanted.folder);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const execArgv = ["--cpu-prof", "--cpu-prof-dir", directory, "--cpu-prof-interval", "500"];
  const plane = await startDataPlane({ socket: stage.place.smallCalls, namespaces, execArgv });
  let sample: Sample;
  try {
    const seconds = stage.effort.seconds * 4;
    const load = small({ seconds, traced, namespaces }, shapes["KeyValue/Get"]);
    sample = await measure(stage.loader, plane, load);
  } finally {
    await plane.stop();
  }
  const reading = readProfile(unbundled(written(directory)), from, to);
  return { ...wanted, sample, ...perCall(reading, sample) };
}

function written(directory: string): CpuProfile {
  const [file = ""] = readdirSync(directory);
  return JSON.parse(readFileSync(join(directory, file), "utf8")) as CpuProfile;
}

/** A profile's shares of the CPU that was measured from outside: the profiler's own cost is in both. */
function perCall(reading: Reading, sample: Sample): Pick<Found, "layers" | "functions"> {
  const all = [...reading.layers.values()].reduce((sum, micros) => sum + micros, 0);
  const scaled = (times: ReadonlyMap<string, number>): Record<string, number> =>
    Object.fromEntries([...times].map(([name, micros]) => [name, (micros / all) * sample.cpuMicrosPerCall]));
  return { layers: scaled(reading.layers), functions: scaled(reading.functions) };
}

function table(found: readonly Found[]): Rows {
  const head = ["itself, without what it calls", ...found.map(({ name }) => name)];
  const [first] = found;
  const row = (title: string, pick: (one: Found) => number | undefined): string[] => [
    title,
    ...found.map((one) => (pick(one) ?? 0).toFixed(2)),
  ];
  return {
    head,
    rows: [
      row("all", ({ sample }) => sample.cpuMicrosPerCall),
      ...Object.keys(first?.layers ?? {}).map((layer) => row(layer, ({ layers }) => layers[layer])),
      ["", ...found.map(() => "")],
      ...Object.keys(first?.functions ?? {})
        .slice(0, shownFunctions)
        .map((name) => row(name, ({ functions }) => functions[name])),
    ],
  };
}
