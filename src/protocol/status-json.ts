import { createRegistry, type JsonObject, toJson } from "@bufbuild/protobuf";
import { ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "./gen/google/rpc/status_pb.js";

const known = createRegistry(ErrorInfoSchema);

/** A status as JSON, as every failure over HTTP is told. Details of types that are not known here are left out. */
export function statusJson(status: Status): JsonObject {
  const details = status.details.filter(({ typeUrl }) => known.get(typeUrl.replace(/^.*\//, "")));
  // A message of its own is an object in JSON.
  return toJson(StatusSchema, { ...status, details }, { registry: known }) as JsonObject;
}
