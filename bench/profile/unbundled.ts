import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CallFrame } from "./call-frame.js";
import type { CpuProfile } from "./read-profile.js";

/** A module's first line in a bundle, and its name. */
interface Place {
  readonly line: number;
  readonly module: string;
}

/** A profile whose functions lie where their modules would, were they not bundled: each module begins with a comment that names it. */
export function unbundled(
  profile: CpuProfile,
  read = (url: string) => readFileSync(fileURLToPath(url), "utf8"),
): CpuProfile {
  const bundles = new Map<string, readonly Place[]>();
  const placesOf = (url: string): readonly Place[] => {
    const known = bundles.get(url) ?? placesIn(read(url));
    bundles.set(url, known);
    return known;
  };
  const placed = (frame: CallFrame): CallFrame => {
    const [dist] = /^file:.*\/dist\//.exec(frame.url) ?? [];
    if (dist === undefined) return frame;
    const place = placesOf(frame.url).findLast(({ line }) => line <= frame.lineNumber);
    return place === undefined ? frame : { ...frame, url: `${dist}${place.module}` };
  };
  return { ...profile, nodes: profile.nodes.map((node) => ({ ...node, callFrame: placed(node.callFrame) })) };
}

function placesIn(bundle: string): Place[] {
  return bundle.split("\n").flatMap((text, line) => {
    const [, module] = /^\/\/ (?:src\/)?(.*)\.[jt]s$/.exec(text.trim()) ?? [];
    return module === undefined ? [] : [{ line, module: `${module}.js` }];
  });
}
