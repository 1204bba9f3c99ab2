import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { JsonObject } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../../protocol/gen/google/rpc/status_pb.js";
import { typedOperations, type TypedMethod } from "../../../../protocol/index.js";
import { eventsType, jsonType, linesType } from "../operation/media-types.js";
import { bytesSchema, describe, refTo } from "./message-schemas.js";
import { content, failureResponse, jsonResponse, namespaceParameter } from "./parts.js";

/** What is sent to, and answered by, operations that have no types of their own here. */
export const operationSchemas: Record<string, JsonObject> = {
  Params: {
    type: "object",
    description: "What an operation needs: a typed message, or bytes as they are.",
    properties: {
      typedParams: refTo(AnySchema.typeName),
      rawParams: bytesSchema,
      metadata: { type: "object", additionalProperties: { type: "string" } },
    },
  },
  Result: {
    type: "object",
    description: "What an operation answers: a typed message, or bytes as they are.",
    properties: { typedResult: refTo(AnySchema.typeName), rawResult: bytesSchema },
  },
  Line: {
    type: "object",
    description: "One message of a stream. A failure after the first is told by a last line.",
    properties: {
      typedResult: refTo(AnySchema.typeName),
      rawResult: bytesSchema,
      isFinal: { type: "boolean", description: "The plugin says no more." },
      error: refTo(StatusSchema.typeName),
    },
  },
};

/** The paths of operations: one for each whose types are known, and one for all others. */
export function operationPaths(): Record<string, JsonObject> {
  const typed = [...typedOperations.values()].map((method) => [
    `/v1/namespaces/{namespace}/${method.operation}`,
    { parameters: [namespaceParameter], post: typedPost(method) },
  ]);
  return {
    ...(Object.fromEntries(typed) as Record<string, JsonObject>),
    "/v1/namespaces/{namespace}/{operation}": {
      parameters: [namespaceParameter, operationParameter],
      post: anyPost,
    },
  };
}

const operationParameter: JsonObject = {
  name: "operation",
  in: "path",
  required: true,
  description: "An operation that the namespace's plugin serves.",
  schema: { type: "string" },
};

const anyPost: JsonObject = {
  operationId: "execute",
  summary: "Runs an operation of the plugin's own.",
  description:
    "One that streams takes a message, or one a line, and answers one a line, or as server-sent events where these are asked for.",
  requestBody: {
    content: { ...content(jsonType, refTo("Params")), ...content(linesType, refTo("Params")) },
  },
  responses: {
    "200": {
      description: "The result, or what the stream brings.",
      content: {
        ...content(jsonType, refTo("Result")),
        ...content(linesType, refTo("Line")),
        ...content(eventsType, { type: "string" }),
      },
    },
    default: failureResponse,
  },
};

function typedPost({ operation, input, output, path }: TypedMethod): JsonObject {
  return {
    operationId: operation,
    tags: [input.file.proto.package],
    ...describe(path.slice(1).replace("/", ".")),
    requestBody: { required: true, content: content(jsonType, refTo(input.typeName)) },
    responses: {
      "200": jsonResponse("The result.", refTo(output.typeName)),
      default: failureResponse,
    },
  };
}
