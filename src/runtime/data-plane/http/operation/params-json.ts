import {
  create,
  createRegistry,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  type Any,
  AnySchema,
  BytesValueSchema,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "../../../../protocol/gen/google/rpc/error_details_pb.js";
import { file_google_rpc_status } from "../../../../protocol/gen/google/rpc/status_pb.js";
import { file_prism_keyvalue_v1_keyvalue } from "../../../../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  type JsonBounds,
  messageFromJson,
  messageToJson,
  PrismError,
  isReadObject,
  type ReadJson,
} from "../../../../protocol/index.js";
import { checkFields } from "./count-fields.js";

/** Messages that stand in JSON with their fields. */
const registry = createRegistry(
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  file_google_rpc_error_details,
  file_google_rpc_status,
  file_prism_keyvalue_v1_keyvalue,
);

/** What a message that carries parameters is read of. */
export interface WrittenParams {
  readonly json: ReadJson;
  readonly operation: string;
  readonly bounds: JsonBounds;
}

/**
 * Reads a message of the plugin protocol that carries `typedParams` or `rawParams`. A type that is not known here is
 * given as its bytes: `{"@type": "…/acme.Order", "value": "<base64>"}`. Throws where it does not fit.
 */
export function paramsFromJson<T extends DescMessage>(
  schema: T,
  { json, operation, bounds: { digits } }: WrittenParams,
): MessageShape<T> {
  if (!isReadObject(json)) throw new TypeError("it is no object");
  if (json["operation"] !== undefined && json["operation"] !== operation)
    throw new TypeError(`"operation" is not that of the path, "${operation}"`);
  const { typedParams } = json;
  const opaque = typedParams === undefined ? undefined : opaqueAny(typedParams, digits);
  if (!opaque) return messageFromJson(schema, json, { registry, digits });
  const rest = { ...json };
  delete rest["typedParams"];
  if (rest["rawParams"] !== undefined) throw new TypeError("it has both typedParams and rawParams");
  const message = messageFromJson(schema, rest, { digits });
  return Object.assign(message, { params: { case: "typedParams", value: opaque } });
}

/** Says of JSON that is no such message why, and what is. */
export function paramsUnfit({ typeName }: DescMessage, why: string): string {
  return `the JSON is no ${typeName} (${why}): it takes {"typedParams": {"@type": …}} or {"rawParams": "<base64>"}`;
}

/** What a plugin answered: `{"typedResult": …}`, `{"rawResult": "<base64>"}`, or nothing of both. */
export interface Result {
  readonly result:
    | { readonly case: "typedResult"; readonly value: Any }
    | { readonly case: "rawResult"; readonly value: Uint8Array }
    | { readonly case: undefined; readonly value?: undefined };
}

/** The result of a message of the plugin protocol. Throws where it does not hold the type that it names, or costs too much. */
export function resultToJson({ result }: Result, { values }: JsonBounds): JsonObject {
  if (result.case === "rawResult") return { rawResult: base64(result.value) };
  if (result.case === undefined) return {};
  const { typeUrl, value } = result.value;
  const desc = knownType(typeUrl);
  if (!desc) return { typedResult: { "@type": typeUrl, value: base64(value) } };
  checkFields(desc, value, { most: values, registry });
  return { typedResult: anyToJson(result.value) };
}

function anyToJson(any: Any): JsonValue {
  try {
    return messageToJson(AnySchema, any, registry);
  } catch (cause) {
    const message = `the plugin answered with bytes that are no ${any.typeUrl}`;
    throw new PrismError("pluginFault", message, { cause });
  }
}

function opaqueAny(json: ReadJson, digits: number): Any | undefined {
  if (!isReadObject(json)) return undefined;
  const { "@type": typeUrl, value = "", ...more } = json;
  if (typeof typeUrl !== "string" || knownType(typeUrl) || Object.keys(more).length > 0) return undefined;
  const { value: bytes } = messageFromJson(BytesValueSchema, value, { digits });
  return create(AnySchema, { typeUrl, value: bytes });
}

function knownType(typeUrl: string): DescMessage | undefined {
  return registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
