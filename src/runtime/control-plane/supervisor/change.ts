import { isDeepStrictEqual } from "node:util";
import type { Namespace } from "../../model/namespace.js";

/** What a new declaration asks of a namespace that is there: nothing, to be taken at once, or another instance. */
export type ChangeKind = "unchanged" | "live" | "reload";

/** Tells what it takes to get from one declaration to another. */
export function changeKind(before: Namespace, after: Namespace): ChangeKind {
  if (isDeepStrictEqual(before, after)) return "unchanged";
  return isDeepStrictEqual(ofInstance(before), ofInstance(after)) ? "live" : "reload";
}

/** What an instance is started with: where that differs, another one is needed. */
function ofInstance({ backend, plugin, config, credentials }: Namespace): unknown {
  const { channel, code, env, token, services } = plugin;
  return { backend, channel, code, env, token, services, config, credentials };
}
