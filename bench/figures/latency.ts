import { percentiles } from "../load/jobs.js";
import { measure, type Sample } from "../load/measure.js";
import { atMost, type Finding, type Rows, type Verdict } from "../report/finding.js";
import { lines } from "../report/lines.js";
import { inWords, spread } from "../report/spread.js";
import type { Stage, SubjectName } from "../stage.js";
import type { Subject } from "../subjects/subject.js";
import { samplePeer, type Shape, shapes, small } from "./shapes.js";

/** A fifth of what nginx carries, so that nobody is near saturation. */
const perSecond = 4000;
const load = { perSecond, streams: 0 };
const beside: readonly SubjectName[] = ["nginx grpc_pass", "haproxy", "envoy"];
const yardstick = "nginx grpc_pass";
const prismShapes: readonly Shape[] = ["KeyValue/Get", "Data/Execute"];

/** Somebody who is sampled, and each sample's latencies less those of the plugin alone just before. */
interface Line {
  readonly name: string;
  readonly sample: (seconds: number) => Promise<Sample>;
  readonly samples: Sample[];
  /** A row a round, a value a percentile. */
  readonly addedMs: number[][];
}

/** Latency that the hop adds at a fixed rate: open loop, from the moment each call was due. */
export async function latency(stage: Stage): Promise<Finding> {
  // The load watches the clock on its own core; the plugin, mostly idle at this rate, moves beside the proxy.
  stage.placePlugins("proxy");
  try {
    const found = await sampleAll(stage);
    return {
      name: "latency",
      title: `Latency at ${perSecond} calls a second, open loop, from the moment each was due`,
      table: table(found),
      notes: [],
      verdicts: verdicts(found),
      plots: [plot(found)],
      record: found.map(({ name, samples, addedMs }) => ({ name, samples, addedMs })),
    };
  } finally {
    stage.placePlugins("plugin");
  }
}

async function sampleAll(stage: Stage): Promise<Line[]> {
  const { rounds, seconds } = stage.effort;
  const [direct, ...hops] = await everyLine(stage);
  if (!direct) throw new Error("there is no plugin");
  for (const line of [direct, ...hops]) await line.sample(seconds / 2);
  for (let round = 1; round <= rounds; round++) {
    stage.tell(`latency: round ${round} of ${rounds}`);
    for (const hop of hops) {
      const alone = await direct.sample(seconds);
      const sample = await hop.sample(seconds * 2);
      direct.samples.push(alone);
      hop.samples.push(sample);
      hop.addedMs.push(sample.latencyMs.map((ms, i) => ms - (alone.latencyMs[i] ?? 0)));
    }
  }
  return [direct, ...hops];
}

/** The plugin alone first, then Prism, then its peers. */
async function everyLine(stage: Stage): Promise<Line[]> {
  const line = (name: string, sample: Line["sample"]): Line => ({ name, sample, samples: [], addedMs: [] });
  const prism = await stage.own("prism");
  const peers: Subject[] = [];
  for (const name of beside) {
    const peer = await stage.subject(name);
    if (peer) peers.push(peer);
  }
  return [
    line("no proxy", (seconds) => samplePeer(stage, stage.direct, { ...load, seconds })),
    ...prismShapes.map((shape) =>
      line(`prism ${shape}`, (seconds) =>
        measure(stage.loader, prism, small({ ...load, seconds }, shapes[shape])),
      ),
    ),
    ...peers.map((peer) => line(peer.name, (seconds) => samplePeer(stage, peer, { ...load, seconds }))),
  ];
}

function verdicts(found: readonly Line[]): Verdict[] {
  const theirs = found.find(({ name }) => name === yardstick);
  if (!theirs) return [];
  return found
    .filter(({ name }) => name.startsWith("prism"))
    .flatMap((ours) =>
      [50, 99].map((percentile) => {
        const of = ({ addedMs }: Line): number[] =>
          addedMs.map((row) => row[percentiles.indexOf(percentile as 50)] ?? NaN);
        const [is, bound] = [spread(of(ours)), spread(of(theirs))];
        const figure = `latency added at p${percentile}, ${ours.name.slice("prism ".length)} (ms)`;
        const text = `nginx's ${bound.median.toFixed(3)}`;
        return atMost(figure, { value: is.median, text: inWords(is, 3) }, { value: bound.median, text });
      }),
    );
}

function table(found: readonly Line[]): Rows {
  const head = ["latency in ms (added)", ...percentiles.map((p) => `p${p}`), "failed"];
  const rows = found.map(({ name, samples, addedMs }) => [
    name,
    ...percentiles.map((_, i) => {
      const is = spread(samples.map((s) => s.latencyMs[i] ?? NaN)).median.toFixed(3);
      return addedMs.length === 0
        ? is
        : `${is} (${spread(addedMs.map((row) => row[i] ?? NaN)).median.toFixed(3)})`;
    }),
    String(samples.reduce((sum, s) => sum + s.failed, 0)),
  ]);
  return { head, rows };
}

function plot(found: readonly Line[]): Finding["plots"][number] {
  const title = `Latency by percentile at ${perSecond} calls a second, ms (logarithmic)`;
  const curves = found.map(({ name, samples }) => ({
    name,
    values: percentiles.map((_, i) => spread(samples.map((s) => s.latencyMs[i] ?? NaN)).median),
  }));
  const labels = percentiles.map((p) => `p${p}`);
  return { file: "latency.svg", title, svg: lines({ title, labels, curves }) };
}
