import { Code, type PrismError } from "../protocol/index.js";
import { encodeGrpcMessage, ErrorCode, HeaderList, type Stream } from "../wire/index.js";

/** The headers before a message. */
export const responseHead = new HeaderList([":status", "200", "content-type", "application/grpc"]);

/** The trailers of a call that ended in order. */
export const okTrailers = new HeaderList(["grpc-status", "0"]);

/** Sends one whole answer and ends the call. */
export function reply(stream: Stream, message: Uint8Array, trailers: HeaderList = okTrailers): void {
  stream.sendHeaders(responseHead, false);
  stream.sendData(message, false);
  stream.sendHeaders(trailers, true);
}

/** Ends a call with a gRPC status: the channel failed, or a stream did. `begun` = the head has been sent. */
export function refuse(stream: Stream, { code, message }: PrismError, begun = false): void {
  if (stream.sendClosed) return;
  const status = ["grpc-status", String(code), "grpc-message", encodeGrpcMessage(message)];
  stream.sendHeaders(new HeaderList(begun ? status : [...responseHead.fields, ...status]), true);
  // Whatever the caller had still to say, nobody will read it; without effect where it has said all.
  if (!begun) stream.reset(ErrorCode.NO_ERROR);
}

/** The trailers of an operation that failed: the channel did its work, and the code stands where a proxy need not decode. */
export function failureTrailers(code: Code): HeaderList {
  return failures[code] ?? okTrailers;
}

const failures = Array.from(
  { length: Math.max(...Object.values(Code)) + 1 },
  (_, code) => new HeaderList(["grpc-status", "0", "prism-error-code", String(code)]),
);
