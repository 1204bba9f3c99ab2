import type { InitializeResponse, OperationTraits } from "../../protocol/gen/prism/plugin/plugin_pb.js";
import type { ServedOperation } from "../model/route-table.js";

/** The operations that a plugin says it serves, with what it promises of each; of some it may promise nothing. */
export function declaredOperations({
  supportedOperations,
  operations,
}: InitializeResponse): ServedOperation[] {
  const traits = new Map(operations.map((each) => [each.name, each]));
  const names = supportedOperations.length > 0 ? supportedOperations : traits.keys();
  return [...new Set(names)].map((name) => ({ name, ...promisesOf(traits.get(name)) }));
}

/** Route tables travel to every proxy whole, so what is not promised takes no room. */
function promisesOf(traits: OperationTraits | undefined): Omit<ServedOperation, "name"> {
  if (!traits) return {};
  const { pattern, idempotent, ordered, streaming } = traits;
  return {
    ...(pattern === "" ? {} : { pattern }),
    ...(idempotent ? { idempotent } : {}),
    ...(ordered ? { ordered } : {}),
    ...(streaming ? { streaming } : {}),
  };
}
