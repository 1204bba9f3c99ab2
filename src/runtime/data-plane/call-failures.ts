import { Code, codeFrom, codeName, type ExecuteResponseReader, PrismError } from "../../protocol/index.js";
import { type ClosedBy, ErrorCode, statusFromReset } from "../../wire/index.js";
import type { CallPlan } from "./call-plan.js";
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
  const said = message || `the plugin instance ${instance.id} ended the call with ${codeName(code)}`;
  const kind = code === Code.UNAVAILABLE ? "pluginAway" : "operationFailed";
  return new PrismError(kind, said, { code, info: { namespace: permit.namespace } });
}

/** The operation ran and failed; the plugin says why. */
export function operationFailed({ permit }: CallPlan, reader: ExecuteResponseReader): PrismError {
  const { namespace, operation } = permit;
  const said = reader.error(longestError) || `"${operation}" failed, and the plugin does not say why`;
  // A failure with the code of success would be told as success.
  const code = codeFrom(reader.errorCode) || Code.UNKNOWN;
  return new PrismError("operationFailed", said, { code, info: { namespace, operation } });
}

/** The plugin answered what the protocol does not allow. */
export function pluginFault({ instance, permit }: CallPlan, did: string): PrismError {
  const message = `the plugin instance ${instance.id} ${did}: \`prism plugin verify\` may tell more`;
  return new PrismError("pluginFault", message, { info: { namespace: permit.namespace } });
}

/** A message is over `server.limits.message_bytes`. */
export function messageTooLarge(bytes: number, limit: number): PrismError {
  const message = `a message of ${bytes} bytes is larger than server.limits.message_bytes (${limit}): send less at once, or ask the operator to raise it`;
  return new PrismError("overLimit", message, { info: { limit: "server.limits.message_bytes" } });
}

/** The client's stream ended within a message. */
export function truncated(): PrismError {
  const message = "the call ended in the middle of its message: fewer bytes came than its length says";
  return new PrismError("invalidRequest", message, { code: Code.INTERNAL });
}

/** The client's stream ended before a message. */
export function noMessage(): PrismError {
  return new PrismError("invalidRequest", "the call carries no message: a unary call carries exactly one");
}

/** The client sent more than one message. */
export function secondMessage(): PrismError {
  const message = "the call carries more than one message: a unary call carries exactly one";
  return new PrismError("invalidRequest", message);
}

/** The client compressed a message and did not say how, or flags it as gRPC does not know. */
export function encodingNotTold(): PrismError {
  const message =
    'the message is flagged as compressed, and the call does not say how: send "grpc-encoding" with gzip or deflate, or the message as it is';
  return new PrismError("invalidRequest", message, { code: Code.INTERNAL });
}

/** What should be a compressed message is none. */
export function notInflatable(encoding: string): PrismError {
  const message = `the message cannot be inflated: its bytes are not one whole message compressed with ${encoding}`;
  return new PrismError("invalidRequest", message, { code: Code.INTERNAL });
}

/** A compressed message is larger than may be held. */
export function inflatesTooLarge(limit: number): PrismError {
  const message = `the compressed message inflates to more than ${limit} bytes, the most that is held (server.limits.message_bytes, at most 64 MiB where that is 0): send less at once, or send it uncompressed`;
  return new PrismError("overLimit", message, { info: { limit: "server.limits.message_bytes" } });
}

/** Compressed messages hold all that they may. */
export function tooMuchInflating(): PrismError {
  const limit = "server.limits.inflating_bytes";
  const message = `compressed messages of this and other calls hold more than ${limit} allows: try again later, or send the message uncompressed`;
  return new PrismError("overLimit", message, { info: { limit } });
}

/** A compressed message trickles. */
export function messageTooSlow(limitMs: number): PrismError {
  const limit = "server.limits.inflating_ms";
  const message = `the compressed message took longer to come than ${limit} allows (${limitMs}), and room is held for it: send less at once, or send it uncompressed`;
  return new PrismError("deadlineExceeded", message, { info: { limit } });
}

/** The client's ExecuteRequest ends within a field. */
export function notAnExecuteRequest(): PrismError {
  return new PrismError("invalidRequest", "the message is no prism.plugin.ExecuteRequest: it does not parse");
}
