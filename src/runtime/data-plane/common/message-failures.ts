import { Code, PrismError } from "../../../protocol/index.js";

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
