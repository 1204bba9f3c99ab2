import type { JsonObject } from "@bufbuild/protobuf";
import { failureResponse, jsonResponse, namespaceParameter } from "./parts.js";
import { refTo } from "./message-schemas.js";

const name: JsonObject = { type: "string" };
const state: JsonObject = {
  type: "string",
  enum: ["serving", "away"],
  description: "Whether calls are served just now.",
};

/** What is answered of namespaces. */
export const namespaceSchemas: Record<string, JsonObject> = {
  Namespaces: {
    type: "object",
    properties: {
      namespaces: {
        type: "array",
        items: { type: "object", properties: { name, state }, required: ["name", "state"] },
      },
    },
    required: ["namespaces"],
  },
  Namespace: {
    type: "object",
    properties: {
      name,
      state,
      reason: { type: "string", description: "Why it is away." },
      operations: {
        type: "array",
        description: "What its plugin serves; empty where it did not tell.",
        items: refTo("Operation"),
      },
      services: {
        type: "array",
        description: "gRPC services of the plugin's own, by their full names.",
        items: { type: "string" },
      },
      limits: {
        type: "object",
        properties: {
          deadlineMs: { type: "number", description: "A ceiling on the caller's deadline; 0 = none." },
          messageBytes: { type: "number", description: "Size of a message; 0 = unlimited." },
        },
        required: ["deadlineMs", "messageBytes"],
      },
    },
    required: ["name", "state", "operations", "services", "limits"],
  },
  Operation: {
    type: "object",
    description: "An operation, and what the plugin promises of it.",
    properties: {
      name,
      pattern: {
        type: "string",
        description: "The pattern it belongs to; empty for one of the plugin's own.",
      },
      idempotent: {
        type: "boolean",
        description: "Running it twice has the same effect as running it once.",
      },
      ordered: { type: "boolean", description: "Calls reach the backend in the order in which they came." },
      streaming: { type: "boolean", description: "It takes and answers streams of messages." },
    },
    required: ["name", "pattern", "idempotent", "ordered", "streaming"],
  },
};

/** The paths that tell of namespaces, and of themselves. */
export function namespacePaths(): Record<string, JsonObject> {
  return {
    "/v1/openapi.json": {
      get: {
        operationId: "openApi",
        summary: "This document.",
        responses: { "200": jsonResponse("The document.", { type: "object" }) },
      },
    },
    "/v1/namespaces": {
      get: {
        operationId: "listNamespaces",
        summary: "Tells which namespaces there are.",
        responses: {
          "200": jsonResponse("The namespaces.", refTo("Namespaces")),
          default: failureResponse,
        },
      },
    },
    "/v1/namespaces/{namespace}": {
      parameters: [namespaceParameter],
      get: {
        operationId: "describeNamespace",
        summary: "Tells what a namespace can do.",
        responses: { "200": jsonResponse("The namespace.", refTo("Namespace")), default: failureResponse },
      },
    },
  };
}
