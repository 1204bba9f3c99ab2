import { createRegistry, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ErrorInfoSchema } from "../../../protocol/gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../../protocol/gen/google/rpc/status_pb.js";
import { codeFrom, httpStatusOf, PrismError, statusFrom } from "../../../protocol/index.js";
import { decodeGrpcMessage, type HeaderList } from "../../../wire/index.js";
import type { HttpAnswer } from "./http-messages.js";
import { HttpRefusal } from "./http-request.js";

const known = createRegistry(ErrorInfoSchema);

/** A failure as an HTTP answer: google.rpc.Status as JSON. */
export function failureAnswer(reason: unknown): HttpAnswer {
  const error = PrismError.from(reason);
  const status = error instanceof HttpRefusal ? error.httpStatus : httpStatusOf(error.code);
  return jsonAnswer(status, statusFrom(error));
}

/** The failure that a call's trailers tell, as an HTTP answer; undefined where it went well. */
export function answerFromTrailers(trailers: HeaderList): HttpAnswer | undefined {
  const code = codeFrom(Number(trailers.get("grpc-status")));
  if (code === 0) return undefined;
  const details = trailers.get("grpc-status-details-bin");
  if (details !== undefined) {
    return jsonAnswer(httpStatusOf(code), fromBinary(StatusSchema, Buffer.from(details, "base64")));
  }
  const message = decodeGrpcMessage(trailers.get("grpc-message") ?? "");
  return failureAnswer(new PrismError("operationFailed", message, { code }));
}

function jsonAnswer(httpStatus: number, status: Status): HttpAnswer {
  const json: JsonValue = toJson(StatusSchema, status, { registry: known });
  return {
    status: httpStatus,
    contentType: "application/json",
    body: Buffer.from(`${JSON.stringify(json)}\n`),
  };
}
