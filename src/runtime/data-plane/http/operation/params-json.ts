import {
  create,
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
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
import { PrismError } from "../../../../protocol/index.js";
import { parseJson, reasonOf } from "./parse-json.js";

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

/**
 * Reads a message of the plugin protocol that carries `typedParams` or `rawParams`. A type that is not known here is
 * given as its bytes: `{"@type": "…/acme.Order", "value": "<base64>"}`.
 */
export function paramsFromJson<T extends DescMessage>(
  schema: T,
  text: Uint8Array,
  operation: string,
): MessageShape<T> {
  try {
    const json = text.length === 0 ? {} : parseJson(text);
    if (!isObject(json)) throw new TypeError("it is no object");
    if (json["operation"] !== undefined && json["operation"] !== operation)
      throw new TypeError(`"operation" is not that of the path, "${operation}"`);
    const { typedParams } = json;
    const opaque = typedParams === undefined ? undefined : opaqueAny(typedParams);
    if (!opaque) return fromJson(schema, json, { registry });
    const rest: JsonObject = { ...json };
    delete rest["typedParams"];
    if (rest["rawParams"] !== undefined) throw new TypeError("it has both typedParams and rawParams");
    return Object.assign(fromJson(schema, rest), { params: { case: "typedParams", value: opaque } });
  } catch (reason) {
    const message = `the JSON is no ${schema.typeName} (${reasonOf(reason)}): it takes {"typedParams": {"@type": …}} or {"rawParams": "<base64>"}`;
    throw new PrismError("invalidRequest", message, { cause: reason });
  }
}

/** What a plugin answered: `{"typedResult": …}`, `{"rawResult": "<base64>"}`, or nothing of both. */
export interface Result {
  readonly result:
    | { readonly case: "typedResult"; readonly value: Any }
    | { readonly case: "rawResult"; readonly value: Uint8Array }
    | { readonly case: undefined; readonly value?: undefined };
}

/** The result of a message of the plugin protocol. Throws where it does not hold the type that it names. */
export function resultToJson({ result }: Result): JsonObject {
  if (result.case === "rawResult") return { rawResult: Buffer.from(result.value).toString("base64") };
  if (result.case === undefined) return {};
  const { value } = result;
  if (isKnown(value.typeUrl)) return { typedResult: anyToJson(value) };
  return { typedResult: { "@type": value.typeUrl, value: Buffer.from(value.value).toString("base64") } };
}

function anyToJson(any: Any): JsonValue {
  try {
    return toJson(AnySchema, any, { registry, alwaysEmitImplicit: true });
  } catch (cause) {
    const message = `the plugin answered with bytes that are no ${any.typeUrl}`;
    throw new PrismError("pluginFault", message, { cause });
  }
}

function opaqueAny(json: JsonValue): Any | undefined {
  if (!isObject(json)) return undefined;
  const { "@type": typeUrl, value = "", ...more } = json;
  if (typeof typeUrl !== "string" || isKnown(typeUrl) || Object.keys(more).length > 0) return undefined;
  return create(AnySchema, { typeUrl, value: fromJson(BytesValueSchema, value).value });
}

function isKnown(typeUrl: string): boolean {
  return registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1)) !== undefined;
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
