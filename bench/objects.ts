import { measure, type Sample } from "./measure.js";
import type { Subject } from "./subjects.js";

/** Large objects through Prism and the relay. */
export interface Objects {
  readonly put: Pair;
  readonly fetch: Pair;
  /** 50 slow readers of 64 MiB at once. */
  readonly slowReaders: { readonly grewBytes: number; readonly callers: number };
}

/** The same load on both, round after round. */
export interface Pair {
  readonly prism: readonly Sample[];
  readonly relay: readonly Sample[];
}

const slowCallers = 50;
const slowBytesPerSecond = 2 * 1024 * 1024;

/** Carries 64 MiB objects both ways, then lets many slow readers loose and watches Prism's memory. */
export async function objects(
  prism: Subject,
  relay: Subject,
  { rounds, seconds, tell }: { rounds: number; seconds: number; tell: (line: string) => void },
): Promise<Objects> {
  tell("64 MiB objects");
  const both = async (call: "put" | "fetch"): Promise<Pair> => {
    const pair = { prism: [] as Sample[], relay: [] as Sample[] };
    for (let round = 0; round < rounds; round++) {
      pair.relay.push(await measure(relay, { call, connections: 2, streams: 2, seconds }));
      pair.prism.push(await measure(prism, { call, connections: 2, streams: 2, seconds }));
    }
    return pair;
  };
  return {
    put: await both("put"),
    fetch: await both("fetch"),
    slowReaders: await slowReaders(prism, seconds, tell),
  };
}

async function slowReaders(
  prism: Subject,
  seconds: number,
  tell: (line: string) => void,
): Promise<Objects["slowReaders"]> {
  tell(`${slowCallers} slow readers`);
  const before = prism.tree.rssBytes();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, prism.tree.rssBytes())), 100);
  const load = { call: "fetch", connections: 10, streams: slowCallers / 10, seconds: seconds * 2 } as const;
  await measure(prism, { ...load, readBytesPerSecond: slowBytesPerSecond }).finally(() =>
    clearInterval(watch),
  );
  return { grewBytes: most - before, callers: slowCallers };
}
