import { codeName, type PrismError, statusDetails } from "../../../protocol/index.js";
import { encodeGrpcMessage, HeaderList, TextAnswer } from "../../../wire/index.js";
import { acceptedEncodings } from "./encoding.js";

/** What is told of a message; clients bound the headers that they take. */
const longestMessage = 1000;

/** The headers before the messages of an answer. */
export const answerHead = new HeaderList([":status", "200", "content-type", "application/grpc"]);

/** The trailers of a call that went well. */
export const okTrailers = new HeaderList(["grpc-status", "0"]);

/** A failure as the trailers of an answer that has begun. */
export function failureTrailers(error: PrismError): HeaderList {
  return new HeaderList(statusFields(error));
}

/** A failure as a whole answer: gRPC's trailers-only. */
export function failureAnswer(error: PrismError): HeaderList {
  const accepted = error.kind === "unknownEncoding" ? ["grpc-accept-encoding", acceptedEncodings] : [];
  return new HeaderList([...answerHead.fields, ...accepted, ...statusFields(error)]);
}

/** The answer to what is no gRPC, in terms of HTTP. */
export const notGrpc = new TextAnswer(
  415,
  "this is no gRPC: send POST with content-type application/grpc; JSON and raw bytes are served under /v1/",
);

function statusFields(error: PrismError): string[] {
  const { code } = error;
  const message = shorten(error.message) || codeName(code);
  const details = statusDetails(error.told(message));
  return [
    "grpc-status",
    String(code),
    "grpc-message",
    encodeGrpcMessage(message),
    "grpc-status-details-bin",
    details,
  ];
}

function shorten(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
}
