import type { SmallCalls } from "../load/jobs.js";
import { type Load, measure, type Sample } from "../load/measure.js";
import { smallService } from "../plugin/messages.js";
import type { Stage } from "../stage.js";
import type { Subject } from "../subjects/subject.js";

/** The ways in which Prism carries a small call. */
export const shapes = {
  "KeyValue/Get": { method: "/prism.keyvalue.v1.KeyValue/Get", message: "typed" },
  "Data/Execute": { method: "/prism.data.v1.Data/Execute", message: "execute" },
  "a tunnelled call": { method: `/${smallService}/Get`, message: "typed" },
} as const satisfies Record<string, Pick<SmallCalls, "method" | "message">>;

/** A way in which Prism carries a small call. */
export type Shape = keyof typeof shapes;

/** All of them. */
export const shapeNames = Object.keys(shapes) as Shape[];

/** A value for each shape. */
export type ByShape<T> = Readonly<Record<Shape, T>>;

/** Makes a value for each shape. */
export function byShape<T>(make: (shape: Shape) => T): ByShape<T> {
  return Object.fromEntries(shapeNames.map((shape) => [shape, make(shape)])) as Record<Shape, T>;
}

/** Samples Prism once in each shape. */
export async function sampleShapes(stage: Stage, prism: Subject, load: SmallLoad): Promise<ByShape<Sample>> {
  const samples: [Shape, Sample][] = [];
  for (const shape of shapeNames) {
    samples.push([shape, await measure(stage.loader, prism, small(load, shapes[shape]))]);
  }
  return Object.fromEntries(samples) as Record<Shape, Sample>;
}

/** Samples a peer once: it carries the plugin protocol as it is. */
export function samplePeer(stage: Stage, peer: Subject, load: SmallLoad): Promise<Sample> {
  return measure(stage.loader, peer, small(load, { method: peer.execute, message: "execute" }));
}

/** What may be said of a small load; the rest is the same everywhere. */
export type SmallLoad = Partial<Omit<SmallCalls, "kind" | "target">> & { readonly seconds: number };

/** Callers a connection: enough that the proxy's core is what limits. */
const streams = 64;

/** A small load of one method. */
export function small(load: SmallLoad, call: Pick<SmallCalls, "method" | "message">): Load {
  const usual = { traced: true, namespaces: 1, connections: 4, streams, perSecond: 0 };
  return { kind: "small calls", ...usual, ...call, ...load };
}
