import { Code, codeFrom, codeName, type ExecuteResponseReader, PrismError } from "../../../protocol/index.js";
import { type ClosedBy, ErrorCode, statusFromReset } from "../../../wire/index.js";
import type { CallPlan } from "../plan/plan.js";
import type { Ending } from "./reply-headers.js";

/** Bytes that are read of a plugin's sentence. */
const longestError = 4096;

/** The caller's deadline, or the namespace's. */
export function deadlineExceeded({ permit, timeoutMs = 0 }: CallPlan): PrismError {
  const message = `the call took longer than its deadline of ${Math.round(timeoutMs)} ms: give it more time, or ask the operator for a higher deadline_ms`;
  return new PrismError("deadlineExceeded", message, { info: { namespace: permit.namespace } });
}

/** A drain met its deadline. */
export function cutByDrain({ instance, permit }: CallPlan): PrismError {
  const message = `the plugin instance ${instance.id} has been replaced and the call outlived its grace period: call again`;
  return new PrismError("pluginAway", message, { info: { namespace: permit.namespace } });
}

/** The plugin's stream ended before its answer did. */
export function pluginLeft({ instance, permit }: CallPlan, code: number, by: ClosedBy): PrismError {
  const info = { namespace: permit.namespace };
  if (by === "connection") {
    const message = `the plugin instance ${instance.id} went away while it worked: whether the call took effect is not known`;
    return new PrismError("pluginAway", message, { info });
  }
  if (by === "local" && code === ErrorCode.ENHANCE_YOUR_CALM) return tooMuchWaits(instance.id);
  const status = codeFrom(statusFromReset(code));
  const kind = status === Code.UNAVAILABLE ? "pluginAway" : "pluginFault";
  const message = `the plugin instance ${instance.id} broke the call off (HTTP/2 error code ${code})`;
  // The client did not cancel, so CANCELLED would be a lie.
  return new PrismError(kind, message, { code: status === Code.CANCELLED ? Code.UNAVAILABLE : status, info });
}

/** The plugin does not take what is sent to it, and too much waits for it and for others. */
function tooMuchWaits(instance: string): PrismError {
  const limit = "server.limits.held_bytes";
  const message = `the plugin instance ${instance} is slow to take what is sent, and more waits than ${limit} allows: try again later`;
  return new PrismError("overLimit", message, { info: { limit } });
}

/** The plugin's stream ended in order, but without a status, or with two. */
export function noTrailers(plan: CallPlan): PrismError {
  return pluginFault(plan, "ended its answer without one grpc-status");
}

/** The plugin ended its call with a gRPC status of its own: the channel failed. */
export function channelFailed({ instance, permit }: CallPlan, { code, message }: Ending): PrismError {
  const said =
    instance.secrets.hide(message) ||
    `the plugin instance ${instance.id} ended the call with ${codeName(code)}`;
  const kind = code === Code.UNAVAILABLE ? "pluginAway" : "operationFailed";
  return new PrismError(kind, said, { code, info: { namespace: permit.namespace } });
}

/** The operation ran and failed; the plugin says why. */
export function operationFailed({ instance, permit }: CallPlan, reader: ExecuteResponseReader): PrismError {
  const { namespace, operation } = permit;
  const told = instance.secrets.hide(reader.error(longestError));
  const said = told || `"${operation}" failed, and the plugin does not say why`;
  // A failure with the code of success would be told as success.
  const code = codeFrom(reader.errorCode) || Code.UNKNOWN;
  return new PrismError("operationFailed", said, { code, info: { namespace, operation } });
}

/** The plugin answered what the protocol does not allow. */
export function pluginFault({ instance, permit }: CallPlan, did: string): PrismError {
  const message = `the plugin instance ${instance.id} ${did}: \`prism plugin verify\` may tell more`;
  return new PrismError("pluginFault", message, { info: { namespace: permit.namespace } });
}
