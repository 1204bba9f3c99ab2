import type { CallFrame } from "./call-frame.js";
import { layerOf } from "./layers.js";

/** What `--cpu-prof` writes. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Where the time went: microseconds of each layer and each function, by themselves, without what they call. */
export interface Reading {
  readonly layers: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
}

/** Adds up the time of the samples between two shares of a profile's length, so that neither start nor end counts. */
export function readProfile(profile: CpuProfile, from = 0, to = 1): Reading {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const layers = new Map<string, number>();
  const functions = new Map<string, number>();
  const total = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0);
  let at = 0;
  for (const [i, id] of profile.samples.entries()) {
    const micros = profile.timeDeltas[i] ?? 0;
    at += micros;
    const frame = frames.get(id);
    const layer = frame && layerOf(frame);
    if (frame === undefined || layer === undefined || at < from * total || at > to * total) continue;
    layers.set(layer, (layers.get(layer) ?? 0) + micros);
    const name = nameOf(frame);
    functions.set(name, (functions.get(name) ?? 0) + micros);
  }
  return { layers: sorted(layers), functions: sorted(functions) };
}

/** "find, wire/hpack/block-cache.js". */
function nameOf({ functionName, url }: CallFrame): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  const place = url.replace(/^.*\/dist\//, "");
  return place === "" ? name : `${name}, ${place}`;
}

function sorted(times: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...times].toSorted(([, one], [, other]) => other - one));
}
