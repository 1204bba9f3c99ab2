import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { PrismError } from "./errors.js";
import { ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "./gen/google/rpc/status_pb.js";

/** Who speaks, in `google.rpc.ErrorInfo.domain`. */
export const errorDomain = "prism";

/** A failure as programs read it: google.rpc.Status with google.rpc.ErrorInfo as its detail. */
export function statusFrom({ code, message, reason, info }: PrismError): Status {
  const detail = create(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...info } });
  return create(StatusSchema, { code, message, details: [anyPack(ErrorInfoSchema, detail)] });
}

/** A failure as the trailer `grpc-status-details-bin` carries it. */
export function statusDetails(error: PrismError): string {
  return Buffer.from(toBinary(StatusSchema, statusFrom(error)))
    .toString("base64")
    .replace(/=+$/, "");
}
