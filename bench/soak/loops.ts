import type { Verdict } from "../report/finding.js";

/** How the event loops of one kind of process fared. */
export interface LoopFigures {
  readonly process: string;
  /** How often they were looked at. */
  readonly count: number;
  /** How often they were at most so many seconds late; each counts what those before it do. */
  readonly buckets: ReadonlyMap<number, number>;
  /** Turns in which the process computed for over 50 ms. */
  readonly longTurns: number;
}

/** How late the loops of one kind of process were, as a report tells it. */
export interface LoopReport {
  readonly process: string;
  /** The bound of the bucket in which it lies; Infinity above all. */
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly longTurns: number;
}

/**
 * Of so many looks at a loop, 50 a second, one may meet a turn of over 50 ms: a full collection of the heap, or a process
 * that has just started and compiles its code. In a soak of half a minute none did.
 */
const looksPerLongTurn = 1_500;
/** However short a soak. */
const leastLongTurns = 5;

/** The processes of ours. */
const kinds = ["runtime", "proxy", "plugin"];
const line = /^prism_event_loop_(delay_seconds_bucket|long_turns_total)\{process="(\w+)"([^}]*)\} (\d+)$/gm;

/** What a page of metrics tells of event loops, by kind of process. */
export function loopsOn(page: string): LoopFigures[] {
  const loops = new Map(kinds.map((kind) => [kind, { buckets: new Map<number, number>(), longTurns: 0 }]));
  for (const [, figure, process = "", more = "", text] of page.matchAll(line)) {
    const loop = loops.get(process);
    if (!loop) continue;
    const value = Number(text);
    if (figure === "long_turns_total") loop.longTurns += value;
    else {
      const bound = Number(/le="([^"]*)"/.exec(more)?.[1]?.replace("+Inf", "Infinity"));
      loop.buckets.set(bound, (loop.buckets.get(bound) ?? 0) + value);
    }
  }
  return [...loops].map(([process, loop]) => ({
    process,
    ...loop,
    count: loop.buckets.get(Infinity) ?? 0,
  }));
}

/** What came between two pages. */
export function loopsBetween(before: readonly LoopFigures[], after: readonly LoopFigures[]): LoopFigures[] {
  return after.map(({ process, count, buckets, longTurns }) => {
    const earlier = before.find((loop) => loop.process === process);
    return {
      process,
      count: count - (earlier?.count ?? 0),
      buckets: new Map([...buckets].map(([bound, n]) => [bound, n - (earlier?.buckets.get(bound) ?? 0)])),
      longTurns: longTurns - (earlier?.longTurns ?? 0),
    };
  });
}

/** How late loops were. That they had no processor counts as well, so this tells and promises nothing. */
export function loopReport({ process, count, buckets, longTurns }: LoopFigures): LoopReport {
  const within = (share: number): number =>
    [...buckets].sort(([a], [b]) => a - b).find(([, n]) => n >= count * share)?.[0] ?? Infinity;
  return { process, p99Ms: within(0.99) * 1000, longestMs: within(1) * 1000, longTurns };
}

/** Whether a kind of process kept the rule: hardly a turn computes for over 50 ms. One that nobody looked at has not. */
export function loopVerdict(loop: LoopFigures): Verdict {
  const { process, p99Ms, longestMs, longTurns } = loopReport(loop);
  const most = Math.max(leastLongTurns, Math.ceil(loop.count / looksPerLongTurn));
  return {
    figure: `turns over 50 ms, ${process}`,
    must: `≤ ${most}`,
    is: `${longTurns} (${late(p99Ms)} late at p99, ${late(longestMs)} at most)`,
    holds: loop.count > 0 && longTurns <= most,
  };
}

function late(ms: number): string {
  return ms === Infinity ? "over 10 s" : `≤ ${ms} ms`;
}
