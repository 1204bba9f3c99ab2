import type { Sample } from "../load/measure.js";
import { atMost, type Finding, type Rows } from "../report/finding.js";
import { inWords, medianOf, spread } from "../report/spread.js";
import type { Stage } from "../stage.js";
import { startDataPlane } from "../subjects/data-plane.js";
import type { Subject } from "../subjects/subject.js";
import { samplePeer } from "./shapes.js";

const many = 10_000;

/**
 * Over how many of the namespaces the calls are spread, whether each call has a trace of its own, and how much CPU a call
 * may take of what it takes with one namespace.
 */
interface Case {
  readonly name: string;
  readonly spread: number;
  readonly traced: boolean;
  readonly mostRatio: number;
}

const cases: readonly Case[] = [
  { name: "all calls to one of them", spread: 1, traced: false, mostRatio: 1.1 },
  { name: "calls to 50 in turn", spread: 50, traced: false, mostRatio: 1.1 },
  { name: "calls to all in turn, each with its trace", spread: many, traced: true, mostRatio: 1.2 },
];

/** The same load by both tables; a ratio a round: 2B / (A + A), with A the table of one. */
interface Found extends Case {
  readonly one: readonly Sample[];
  readonly many: readonly Sample[];
  readonly ratios: readonly number[];
}

/** CPU per call by a route table of 10,000 namespaces, over that by a table of one. */
export async function namespaces(stage: Stage): Promise<Finding> {
  const one = await startDataPlane({ socket: stage.place.smallCalls, namespaces: 1 });
  const all = await startDataPlane({ socket: stage.place.smallCalls, namespaces: many });
  try {
    const found: Found[] = [];
    for (const wanted of cases) found.push(await compare(stage, wanted, { one, all }));
    return {
      name: "namespaces",
      title: `${many} namespaces`,
      table: table(found),
      notes: [],
      verdicts: found.map(({ name, ratios, mostRatio }) => {
        const is = spread(ratios);
        const figure = `CPU per call with ${many} namespaces over one: ${name}`;
        const bound = { value: mostRatio, text: String(mostRatio) };
        return atMost(figure, { value: is.median, text: inWords(is, 2) }, bound);
      }),
      plots: [],
      record: found,
    };
  } finally {
    await one.stop();
    await all.stop();
  }
}

async function compare(
  stage: Stage,
  wanted: Case,
  { one, all }: { one: Subject; all: Subject },
): Promise<Found> {
  const { rounds, seconds } = stage.effort;
  const { traced, spread: namespaces } = wanted;
  const ofOne = (): Promise<Sample> => samplePeer(stage, one, { seconds, traced });
  const ofMany = (): Promise<Sample> => samplePeer(stage, all, { seconds, traced, namespaces });
  for (const warm of [ofMany, ofOne, ofMany]) await warm();
  let before = await ofOne();
  const found = { ...wanted, one: [before], many: [] as Sample[], ratios: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    stage.tell(`${wanted.name}: round ${round} of ${rounds}`);
    const theirs = await ofMany();
    const after = await ofOne();
    found.many.push(theirs);
    found.one.push(after);
    found.ratios.push((2 * theirs.cpuMicrosPerCall) / (before.cpuMicrosPerCall + after.cpuMicrosPerCall));
    before = after;
  }
  return found;
}

function table(found: readonly Found[]): Rows {
  const head = ["CPU µs/call", "one namespace", `of ${many}`, "RSS MiB of one", `of ${many}`, "failed"];
  const rows = found.map(({ name, one, many: all }) => [
    name,
    inWords(spread(one.map((s) => s.cpuMicrosPerCall)), 1),
    inWords(spread(all.map((s) => s.cpuMicrosPerCall)), 1),
    String(Math.round(medianOf(one, (s) => s.rssBytes) / 2 ** 20)),
    String(Math.round(medianOf(all, (s) => s.rssBytes) / 2 ** 20)),
    String([...one, ...all].reduce((sum, s) => sum + s.failed, 0)),
  ]);
  return { head, rows };
}
