import type { JsonObject } from "@bufbuild/protobuf";
import { failureResponse, headerParameter, namespaceParameter } from "./parts.js";

const raw: JsonObject = { "application/octet-stream": { schema: {} } };
const tagged: JsonObject = {
  etag: { description: "The entity tag of a value up to 256 KiB.", schema: { type: "string" } },
};
const ifMatch = headerParameter(
  "If-Match",
  "Only where the value has one of these entity tags, or with * any value.",
);
const ifNoneMatch = headerParameter(
  "If-None-Match",
  "Only where the value has none of these entity tags, or with * where there is no value.",
);

/** The raw bytes at a key. */
export function keyPath(): JsonObject {
  return {
    parameters: [
      namespaceParameter,
      {
        name: "key",
        in: "path",
        required: true,
        description: "The key, percent-encoded; a slash may stand as it is.",
        schema: { type: "string" },
      },
    ],
    get: {
      ...reading("getKey", "Reads a value as raw bytes."),
      parameters: [...readParameters, ifMatch, ifNoneMatch],
    },
    head: { ...reading("headKey", "Tells of a value what GET would."), parameters: [ifMatch, ifNoneMatch] },
    put: writing,
    delete: {
      operationId: "deleteKey",
      summary: "Removes a key; removing what is not there succeeds.",
      responses: { "204": { description: "It is not there any more." }, default: failureResponse },
    },
  };
}

const readParameters: readonly JsonObject[] = [
  headerParameter("Range", "One range of bytes, such as bytes=0-99."),
  headerParameter("If-Range", "The range only where the value still has this entity tag, else the whole."),
];

const writing: JsonObject = {
  operationId: "putKey",
  summary: "Writes raw bytes over whatever was there.",
  parameters: [
    ifMatch,
    ifNoneMatch,
    headerParameter("Prism-TTL-Ms", "How long the value lives, in milliseconds; without it, for ever."),
  ],
  requestBody: { required: true, content: raw },
  responses: {
    "201": { description: "Written where nothing was.", headers: tagged },
    "204": { description: "Written.", headers: tagged },
    "412": { ...failureResponse, description: "What is there is not what the condition says." },
    default: failureResponse,
  },
};

function reading(operationId: string, summary: string): JsonObject {
  return {
    operationId,
    summary,
    responses: {
      "200": { description: "The value.", headers: tagged, content: raw },
      "206": { description: "The range of it.", headers: tagged, content: raw },
      "304": { description: "It is still the same.", headers: tagged },
      "404": { ...failureResponse, description: "There is no value, or no such namespace." },
      "416": { ...failureResponse, description: "The range lies outside of the value." },
      default: failureResponse,
    },
  };
}
