import { measure, type Load, type Sample } from "./measure.js";
import type { Subject } from "./subjects.js";

/** Samples of one subject, and those of Prism that were taken just before and just after each. */
export interface Comparison {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** Prism's CPU per call over this subject's, one ratio a round: (A + A) / 2B. */
  readonly ratios: readonly number[];
}

/** The small calls of one run. */
export interface SmallCalls {
  readonly prism: readonly Sample[];
  readonly typed: readonly Sample[];
  readonly peers: readonly Comparison[];
  /** The control: each of Prism's runs over the one before it, which would all be 1 on a quiet machine. */
  readonly control: readonly number[];
}

/** How much of it to do. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly streams: number;
}

/** Small unary calls through Prism and its peers in turn: A B A C A …, round after round. */
export async function smallCalls(
  prism: Subject,
  peers: readonly Subject[],
  { effort, tell }: { effort: Effort; tell: (line: string) => void },
): Promise<SmallCalls> {
  const load: Load = { ...effort, call: "execute" };
  for (const subject of [prism, ...peers]) await measure(subject, { ...load, seconds: effort.seconds * 1.5 });
  await measure(prism, { ...load, call: "get" });

  const typed: Sample[] = [];
  const ours: Sample[] = [];
  const theirs = peers.map((peer) => ({
    name: peer.name,
    peer,
    samples: [] as Sample[],
    ratios: [] as number[],
  }));
  for (let round = 1; round <= effort.rounds; round++) {
    tell(`round ${round} of ${effort.rounds}`);
    typed.push(await measure(prism, { ...load, call: "get" }));
    let before = await measure(prism, load);
    ours.push(before);
    for (const { peer, samples, ratios } of theirs) {
      const theirSample = await measure(peer, load);
      const after = await measure(prism, load);
      samples.push(theirSample);
      ours.push(after);
      ratios.push((before.cpuMicrosPerCall + after.cpuMicrosPerCall) / 2 / theirSample.cpuMicrosPerCall);
      before = after;
    }
  }
  const control = ours
    .slice(1)
    .map((sample, i) => sample.cpuMicrosPerCall / (ours[i]?.cpuMicrosPerCall ?? NaN));
  return { prism: ours, typed, peers: theirs, control };
}
