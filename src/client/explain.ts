import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ErrorInfo, ErrorInfoSchema } from "../protocol/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../protocol/gen/google/rpc/status_pb.js";
import {
  Code,
  codeFrom,
  codeName,
  errorDomain,
  type ErrorKind,
  PrismError,
  statusOf,
} from "../protocol/index.js";
import type { GrpcError } from "../wire/index.js";

/** Makes the failure that Prism sent again: kind and facts from `google.rpc.ErrorInfo`, else the kind its code suggests. */
export function explain(reason: GrpcError): PrismError {
  const code = codeFrom(reason.code);
  const info = errorInfoOf(reason);
  const kind = (info && kindOf(info.reason)) ?? kindByCode.get(code) ?? "operationFailed";
  const message = reason.message === "" ? codeName(code) : reason.message;
  return new PrismError(kind, message, { code, info: info?.metadata ?? {}, cause: reason });
}

// What a peer says that sends no ErrorInfo, or the wire itself.
const kindByCode: ReadonlyMap<Code, ErrorKind> = new Map([
  [Code.CANCELLED, "cancelled"],
  [Code.DEADLINE_EXCEEDED, "deadlineExceeded"],
  [Code.UNIMPLEMENTED, "unknownMethod"],
  [Code.UNAVAILABLE, "pluginAway"],
]);

function errorInfoOf({ trailers }: GrpcError): ErrorInfo | undefined {
  const encoded = trailers.get("grpc-status-details-bin");
  if (encoded === undefined) return undefined;
  try {
    const { details } = fromBinary(StatusSchema, Buffer.from(encoded, "base64"));
    return details
      .map((detail) => anyUnpack(detail, ErrorInfoSchema))
      .find((info) => info?.domain === errorDomain);
  } catch {
    // Details are an extra; the code and the message stand without them.
    return undefined;
  }
}

function kindOf(reason: string): ErrorKind | undefined {
  const name = reason.toLowerCase().replace(/_[a-z]/g, ([, letter = ""]) => letter.toUpperCase());
  return isKind(name) ? name : undefined;
}

function isKind(name: string): name is ErrorKind {
  return Object.hasOwn(statusOf, name);
}
