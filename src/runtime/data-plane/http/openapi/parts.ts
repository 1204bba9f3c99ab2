import type { JsonObject } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../../protocol/gen/google/rpc/status_pb.js";
import { refTo } from "./message-schemas.js";

/** Whose data a request is for. */
export const namespaceParameter: JsonObject = {
  name: "namespace",
  in: "path",
  required: true,
  description: "The name of the namespace.",
  schema: { type: "string" },
};

/** A field of a request. */
export function headerParameter(name: string, description: string): JsonObject {
  return { name, in: "header", description, schema: { type: "string" } };
}

/** A body of one type. */
export function content(type: string, schema: JsonObject): JsonObject {
  return { [type]: { schema } };
}

/** An answer in JSON. */
export function jsonResponse(description: string, schema: JsonObject): JsonObject {
  return { description, content: content("application/json", schema) };
}

/** Every answer that tells of a failure. */
export const failureResponse = jsonResponse(
  "What went wrong, and what to do. The HTTP status is the code's, or says more.",
  refTo(StatusSchema.typeName),
);
