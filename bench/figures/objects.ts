import type { Objects } from "../load/jobs.js";
import { measure, type Sample } from "../load/measure.js";
import { atLeast, type Finding, type Rows } from "../report/finding.js";
import { inWords, medianOf, spread } from "../report/spread.js";
import type { Stage } from "../stage.js";
import type { Subject } from "../subjects/subject.js";

const directions = ["put", "fetch"] as const;
const leastOverRelay = 0.7;

/** One direction: samples of both, and Prism's throughput over the relay's, a ratio a round: (A + A) / 2B. */
interface Found {
  readonly direction: (typeof directions)[number];
  readonly prism: readonly Sample[];
  readonly relay: readonly Sample[];
  readonly ratios: readonly number[];
}

/** Throughput of 64 MiB bodies both ways, beside a TCP relay that parses nothing. */
export async function objects(stage: Stage): Promise<Finding> {
  const prism = await stage.own("prism");
  const relay = await stage.own("tcp relay of objects");
  const found: Found[] = [];
  for (const direction of directions) found.push(await compare(stage, { prism, relay, direction }));
  return {
    name: "objects",
    title: "64 MiB bodies",
    table: table(found),
    notes: [],
    verdicts: found.map(({ direction, ratios }) => {
      const is = spread(ratios);
      const bound = { value: leastOverRelay, text: String(leastOverRelay) };
      const figure = `64 MiB ${direction}, throughput over the TCP relay's`;
      return atLeast(figure, { value: is.median, text: inWords(is, 2) }, bound);
    }),
    plots: [],
    record: found,
  };
}

/** The load that carries objects through a subject. */
export function objectLoad(
  subject: Subject,
  direction: Found["direction"],
  seconds: number,
): Omit<Objects, "target"> {
  const usual = { connections: 2, streams: 2, readBytesPerSecond: 0 };
  return { kind: "objects", method: subject.execute, direction, seconds, ...usual };
}

async function compare(
  stage: Stage,
  { prism, relay, direction }: { prism: Subject; relay: Subject; direction: Found["direction"] },
): Promise<Found> {
  const { rounds, seconds } = stage.effort;
  const sample = (subject: Subject): Promise<Sample> =>
    measure(stage.loader, subject, objectLoad(subject, direction, seconds * 2));
  await sample(relay);
  let before = await sample(prism);
  const found = { direction, prism: [before], relay: [] as Sample[], ratios: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    stage.tell(`64 MiB ${direction}: round ${round} of ${rounds}`);
    const theirs = await sample(relay);
    const after = await sample(prism);
    found.relay.push(theirs);
    found.prism.push(after);
    const mean = (before.megabytesPerSecond + after.megabytesPerSecond) / 2;
    found.ratios.push(mean / theirs.megabytesPerSecond);
    before = after;
  }
  return found;
}

function table(found: readonly Found[]): Rows {
  const head = ["64 MiB bodies", "MB/s", "CPU s/GiB", "proxy's core", "load alone", "failed"];
  const rows = found.flatMap(({ direction, prism, relay }) =>
    [["prism", prism] as const, ["tcp relay", relay] as const].map(([name, samples]) => [
      `${direction} through ${name}`,
      inWords(spread(samples.map((s) => s.megabytesPerSecond)), 0),
      medianOf(samples, (s) => (s.proxyShare * s.seconds) / (s.bytes / 2 ** 30)).toFixed(2),
      `${Math.round(medianOf(samples, (s) => s.proxyShare) * 100)} %`,
      `${Math.round(medianOf(samples, (s) => s.loadShare) * 100)} %`,
      String(samples.reduce((sum, s) => sum + s.failed, 0)),
    ]),
  );
  return { head, rows };
}
