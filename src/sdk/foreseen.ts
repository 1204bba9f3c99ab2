import { PrismError } from "../protocol/index.js";
import { reasonFields } from "./json-log.js";
import type { ServedNamespace } from "./served-namespace.js";

/**
 * What an operation threw, as an error for the caller, without the namespace's secrets. What nobody foresaw is logged,
 * and told without its details.
 */
export function foreseen(
  reason: unknown,
  cancelled: boolean,
  { log, name, secrets }: ServedNamespace,
): PrismError {
  if (reason instanceof PrismError) return reason.told(secrets.hide(reason.message));
  if (cancelled) return new PrismError("cancelled", "the call was cancelled", { cause: reason });
  log.error("an operation threw what it did not foresee", { namespace: name, ...reasonFields(reason) });
  return new PrismError("bug", "the plugin failed in a way it did not foresee; its log has the details");
}
