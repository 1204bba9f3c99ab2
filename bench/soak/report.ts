import type { Verdict } from "../report/finding.js";
import type { Book, Unexplained } from "./book.js";
import type { Done, Reloaded } from "./disturbances.js";
import { growthPerHour } from "./flatness.js";
import { type LoopFigures, type LoopReport, loopReport, loopsBetween, loopVerdict } from "./loops.js";
import type { Series, Told } from "./watch.js";
import type { Loss, Writes } from "./writes.js";

/** What a soak found, and whether Prism bore it. */
export interface SoakReport {
  readonly held: boolean;
  readonly seconds: number;
  readonly calls: Readonly<Record<string, number>>;
  readonly left: number;
  readonly cutByKills: number;
  readonly writes: number;
  readonly done: Done;
  readonly loops: readonly LoopReport[];
  readonly verdicts: readonly Verdict[];
  readonly unexplained: readonly Unexplained[];
  readonly losses: readonly Loss[];
}

/** All that a soak gathers. */
export interface Gathered {
  readonly seconds: number;
  readonly book: Book;
  readonly writes: Writes;
  readonly done: Done;
  readonly series: Series;
  readonly rest: {
    readonly before: Told;
    readonly after: Told;
    readonly descriptorsBefore: number;
    readonly descriptorsAfter: number;
  };
}

/** What a whole soak may grow by: what a measure says of a growth that is none. */
const mostMebibytes = 48;
const mostOthers = 16;
/** A soak shorter than this sees garbage come and go and no trend of memory; what it may grow by. */
const trendSeconds = 300;
const mostMebibytesOfShort = 192;
/** A process fills its caches and compiles its code for so long, at most; in a short soak a third of it. */
const warmSeconds = 120;
/** Descriptors that a data plane at rest may have more: its connections to the plugins. */
const upstreamDescriptors = 12;

/** Holds what was gathered against what Prism promises. */
export function report(gathered: Gathered): SoakReport {
  const { seconds, book, writes, done } = gathered;
  const loops = loopsOf(gathered);
  const verdicts = [
    ...callVerdicts(gathered),
    ...(done.reloads.length > 0 ? [ledgerVerdict(done.reloads)] : []),
    ...flatVerdicts(gathered),
    ...restVerdicts(gathered),
    ...loops.map(loopVerdict),
  ];
  return {
    held: verdicts.every(({ holds }) => holds),
    seconds,
    calls: book.calls,
    left: book.left,
    cutByKills: book.excused,
    writes: writes.acknowledgedCount,
    done,
    loops: loops.map(loopReport),
    verdicts,
    unexplained: book.unexplained,
    losses: writes.losses,
  };
}

/** How the event loops fared from the first call to when all had left. */
function loopsOf({ rest }: Gathered): LoopFigures[] {
  return loopsBetween(rest.before.loops, rest.after.loops);
}

function callVerdicts({ book, writes }: Gathered): Verdict[] {
  return [
    {
      figure: "calls that failed without a kill that explains it",
      must: "0",
      is: `${book.unexplainedCount} of ${book.total}`,
      holds: book.unexplainedCount === 0 && book.total > 0,
    },
    {
      figure: "acknowledged writes lost",
      must: "0",
      is: `${writes.losses.length} of ${writes.acknowledgedCount}`,
      holds: writes.losses.length === 0 && writes.acknowledgedCount > 0,
    },
  ];
}

function ledgerVerdict(reloads: readonly Reloaded[]): Verdict {
  const sum = (pick: keyof Reloaded["ledger"]): number =>
    reloads.reduce((all, { ledger }) => all + ledger[pick], 0);
  const [started, ended] = [sum("started"), sum("completed") + sum("failed") + sum("cut")];
  return {
    figure: `calls lost by ${reloads.length} reloads: started = completed + failed + cut`,
    must: "0",
    is: `${sum("lost")}; ${started} = ${sum("completed")} + ${sum("failed")} + ${sum("cut")}`,
    holds: sum("lost") === 0 && started === ended,
  };
}

function flatVerdicts({ series, seconds }: Gathered): Verdict[] {
  return [...series].map(([name, points]) => {
    const mebibytes = seconds < trendSeconds ? mostMebibytesOfShort : mostMebibytes;
    const most = name.endsWith("MiB") ? mebibytes : mostOthers;
    const growth = growthPerHour(points, Math.min(warmSeconds, seconds / 3)) * (seconds / 3600);
    const figure = `growth over the soak, ${name}`;
    return { figure, must: `≤ ${most}`, is: growth.toFixed(1), holds: growth <= most };
  });
}

function restVerdicts({ rest }: Gathered): Verdict[] {
  const { before, after, descriptorsBefore, descriptorsAfter } = rest;
  const most = descriptorsBefore + upstreamDescriptors;
  return [
    {
      figure: "calls in flight when all have left",
      must: "0",
      is: String(after.inFlight),
      holds: after.inFlight === 0,
    },
    {
      figure: "connections when all have left",
      must: `≤ ${before.connections}`,
      is: String(after.connections),
      holds: after.connections <= before.connections,
    },
    {
      figure: "the data plane's descriptors when all have left",
      must: `≤ ${most}`,
      is: String(descriptorsAfter),
      holds: descriptorsAfter <= most,
    },
  ];
}
