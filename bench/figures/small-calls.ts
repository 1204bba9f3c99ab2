import type { Sample } from "../load/measure.js";
import { bars } from "../report/bars.js";
import { atLeast, atMost, type Finding, type Rows, type Verdict } from "../report/finding.js";
import { inWords, medianOf, spread } from "../report/spread.js";
import type { Stage, SubjectName } from "../stage.js";
import type { Subject } from "../subjects/subject.js";
import { type ByShape, byShape, samplePeer, sampleShapes, shapeNames } from "./shapes.js";

const peerNames: readonly SubjectName[] = [
  "tcp relay",
  "haproxy",
  "nginx grpc_pass",
  "envoy",
  "node:http2",
  "grpc-js",
];
/** Callers a connection that are too few for saturation: with less to send at once each call bears more of a write. */
const fewStreams = 16;

/** CPU per call: Prism's over the peer's. */
const cpuBounds: readonly (readonly [peer: string, most: number, text: string])[] = [
  ["haproxy", 1, "1"],
  ["envoy", 1 / 5, "1/5 = 0.200"],
  ["node:http2", 1 / 12, "1/12 = 0.083"],
  ["grpc-js", 1 / 30, "1/30 = 0.033"],
];
/** Calls a second: Prism's over the peer's. */
const speedBounds: readonly (readonly [peer: string, least: number])[] = [
  ["haproxy", 1],
  ["nginx grpc_pass", 4],
  ["envoy", 4],
];

/** Who, and what was sampled of it. */
type Sampled = readonly [name: string, samples: readonly Sample[]];

/** A peer's samples, and Prism's over them, a ratio a round: (A + A) / 2B. */
interface Comparison {
  readonly name: string;
  readonly samples: Sample[];
  readonly cpu: ByShape<number[]>;
  readonly speed: ByShape<number[]>;
}

interface Found {
  readonly prism: ByShape<Sample[]>;
  /** The same with one header block for all calls of a connection, as of a client that traces nothing. */
  readonly untraced: ByShape<Sample[]>;
  /** With few callers. */
  readonly withFew: readonly Sampled[];
  readonly peers: readonly Comparison[];
  /** Each of Prism's runs over the one before it, CPU per call: all 1 on a quiet machine. */
  readonly control: readonly number[];
}

/** CPU per small unary call, and calls a second of one proxy process at saturation: Prism and its peers in turn, A B A C A …. */
export async function smallCalls(stage: Stage): Promise<Finding> {
  const found = await compare(stage);
  return {
    name: "small-calls",
    title: "Small unary calls at saturation, each with a traceparent of its own",
    table: table(found),
    notes: [`A/A control (Prism's CPU per call over the run before): ${inWords(spread(found.control), 2)}`],
    verdicts: verdicts(found),
    plots: [cpuPlot(found), speedPlot(found)],
    record: found,
  };
}

async function compare(stage: Stage): Promise<Found> {
  const { rounds, seconds } = stage.effort;
  const prism = await stage.own("prism");
  const peers = await installed(stage);
  // A JavaScript engine compiles what runs often, and takes its time to see it.
  for (const traced of [false, true]) await sampleShapes(stage, prism, { seconds, traced });
  for (const peer of peers) await samplePeer(stage, peer, { seconds: seconds / 2 });

  const ours: ByShape<Sample>[] = [];
  const untraced: ByShape<Sample>[] = [];
  const control: number[] = [];
  const comparisons = peers.map((peer): Comparison => ({
    name: peer.name,
    samples: [],
    cpu: byShape(() => []),
    speed: byShape(() => []),
  }));
  for (let round = 1; round <= rounds; round++) {
    stage.tell(`small calls: round ${round} of ${rounds}`);
    untraced.push(await sampleShapes(stage, prism, { seconds, traced: false }));
    let before = await sampleShapes(stage, prism, { seconds });
    ours.push(before);
    for (const [i, peer] of peers.entries()) {
      const theirs = await samplePeer(stage, peer, { seconds });
      const after = await sampleShapes(stage, prism, { seconds });
      ours.push(after);
      comparisons[i]?.samples.push(theirs);
      for (const shape of shapeNames) {
        const mean = (pick: (s: Sample) => number): number => (pick(before[shape]) + pick(after[shape])) / 2;
        comparisons[i]?.cpu[shape].push(mean((s) => s.cpuMicrosPerCall) / theirs.cpuMicrosPerCall);
        comparisons[i]?.speed[shape].push(mean((s) => s.callsPerSecond) / theirs.callsPerSecond);
        control.push(after[shape].cpuMicrosPerCall / before[shape].cpuMicrosPerCall);
      }
      before = after;
    }
  }
  const withFew = await withFewCallers(stage, prism, peers);
  return { prism: gather(ours), untraced: gather(untraced), withFew, peers: comparisons, control };
}

/** Prism and its peers in turn, with callers too few for saturation. */
async function withFewCallers(stage: Stage, prism: Subject, peers: readonly Subject[]): Promise<Sampled[]> {
  const load = { seconds: stage.effort.seconds, streams: fewStreams };
  const ours: ByShape<Sample>[] = [];
  const theirs = peers.map((peer) => ({ peer, samples: [] as Sample[] }));
  for (let round = 1; round <= stage.effort.rounds; round++) {
    stage.tell(`small calls of ${fewStreams} callers: round ${round} of ${stage.effort.rounds}`);
    ours.push(await sampleShapes(stage, prism, load));
    for (const { peer, samples } of theirs) samples.push(await samplePeer(stage, peer, load));
  }
  const gathered = gather(ours);
  const named = (name: string): string => `${name}, ${fewStreams} callers`;
  return [
    ...shapeNames.map((shape): Sampled => [named(`prism ${shape}`), gathered[shape]]),
    ...theirs.map(({ peer, samples }): Sampled => [named(peer.name), samples]),
  ];
}

function gather(runs: readonly ByShape<Sample>[]): ByShape<Sample[]> {
  return byShape((shape) => runs.map((run) => run[shape]));
}

async function installed(stage: Stage): Promise<Subject[]> {
  const found: Subject[] = [];
  for (const name of peerNames) {
    const peer = await stage.subject(name);
    if (peer) found.push(peer);
  }
  return found;
}

function verdicts({ peers }: Found): Verdict[] {
  const of = (name: string): Comparison | undefined => peers.find((peer) => peer.name === name);
  const ratio = (values: readonly number[]): { value: number; text: string } => {
    const found = spread(values);
    return { value: found.median, text: inWords(found, 3) };
  };
  const cpu = cpuBounds.flatMap(([name, value, text]) =>
    shapeNames.flatMap((shape) => {
      const peer = of(name);
      return peer
        ? [atMost(`CPU per call, ${shape} over ${name}`, ratio(peer.cpu[shape]), { value, text })]
        : [];
    }),
  );
  const speed = speedBounds.flatMap(([name, value]) =>
    shapeNames.flatMap((shape) => {
      const peer = of(name);
      const bound = { value, text: String(value) };
      return peer ? [atLeast(`calls/s, ${shape} over ${name}`, ratio(peer.speed[shape]), bound)] : [];
    }),
  );
  return [...cpu, ...speed];
}

/** All that was sampled at saturation. */
function sampled({ prism, untraced, peers }: Found): Sampled[] {
  const same = "one header block";
  return [
    ...shapeNames.map((shape) => [`prism ${shape}`, prism[shape]] as const),
    ...shapeNames.map((shape) => [`prism ${shape}, ${same}`, untraced[shape]] as const),
    ...peers.map(({ name, samples }) => [name, samples] as const),
  ];
}

function table(found: Found): Rows {
  const head = [
    "small unary call",
    "CPU µs/call",
    "with runtime",
    "calls/s",
    "proxy's core",
    "the others",
    "p50 ms",
    "p99 ms",
    "RSS MiB",
    "failed",
  ];
  const rows = [...sampled(found), ...found.withFew].map(([name, samples]) => {
    const mid = (pick: (s: Sample) => number): number => medianOf(samples, pick);
    return [
      name,
      inWords(spread(samples.map((s) => s.cpuMicrosPerCall)), 1),
      mid((s) => s.allCpuMicrosPerCall).toFixed(1),
      String(Math.round(mid((s) => s.callsPerSecond))),
      percent(mid((s) => s.proxyShare)),
      percent(mid((s) => s.othersShare)),
      mid((s) => s.latencyMs[0] ?? NaN).toFixed(2),
      mid((s) => s.latencyMs[4] ?? NaN).toFixed(2),
      String(Math.round(mid((s) => s.rssBytes) / 2 ** 20)),
      String(samples.reduce((sum, s) => sum + s.failed, 0)),
    ];
  });
  return { head, rows };
}

function cpuPlot(found: Found): Finding["plots"][number] {
  const title = "CPU of the proxy per small unary call, µs (logarithmic; less is better)";
  const values = sampled(found).map(([name, samples]) => ({
    name,
    ...spread(samples.map((s) => s.cpuMicrosPerCall)),
  }));
  return { file: "cpu-per-call.svg", title, svg: bars(title, values) };
}

function speedPlot(found: Found): Finding["plots"][number] {
  const title = "Small unary calls a second of one proxy process (logarithmic; more is better)";
  const values = sampled(found).map(([name, samples]) => ({
    name,
    ...spread(samples.map((s) => s.callsPerSecond)),
  }));
  return { file: "throughput.svg", title, svg: bars(title, values) };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
