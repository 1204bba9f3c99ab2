import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  ScalarType,
} from "@bufbuild/protobuf";
import { comments } from "../../../../protocol/gen/comments.js";

const anyName = "google.protobuf.Any";

/** An Any, whose fields are those of the type that it names. */
const anySchema: JsonObject = {
  type: "object",
  description:
    "A message of the type that @type names, with its fields, or with its bytes as value in base64.",
  properties: { "@type": { type: "string" } },
  required: ["@type"],
};

/** Bytes in JSON. */
export const bytesSchema: JsonObject = { type: "string", contentEncoding: "base64" };

/** A message where a schema is wanted. */
export function refTo(typeName: string): JsonObject {
  return { $ref: `#/components/schemas/${typeName}` };
}

/** The schemas of messages in canonical protobuf JSON, and of all that they hold, by their full names. */
export function schemasOf(messages: readonly DescMessage[]): Record<string, JsonObject> {
  const schemas: Record<string, JsonObject> = {};
  const left = [...messages];
  for (let message; (message = left.pop());) {
    if (schemas[message.typeName]) continue;
    schemas[message.typeName] = message.typeName === anyName ? anySchema : messageSchema(message);
    left.push(...message.fields.flatMap(({ message: held }) => held ?? []));
  }
  return Object.fromEntries(Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** What the proto says of something, as a member of a schema or an operation. */
export function describe(fullName: string): JsonObject {
  const description = comments[fullName];
  return description === undefined ? {} : { description };
}

function messageSchema(message: DescMessage): JsonObject {
  const properties = message.fields.map((field) => [field.jsonName, fieldSchema(field)]);
  return {
    type: "object",
    ...describe(message.typeName),
    properties: Object.fromEntries(properties) as JsonObject,
    additionalProperties: false,
  };
}

function fieldSchema(field: DescField): JsonObject {
  const described = describe(`${field.parent.typeName}.${field.name}`);
  if (field.fieldKind === "list") return { type: "array", items: valueSchema(field), ...described };
  if (field.fieldKind === "map")
    return { type: "object", additionalProperties: valueSchema(field), ...described };
  return { ...valueSchema(field), ...described };
}

function valueSchema({ scalar, enum: named, message }: DescField): JsonObject {
  if (message) return refTo(message.typeName);
  if (named) return enumSchema(named);
  return scalarSchema(scalar);
}

function enumSchema({ values }: DescEnum): JsonObject {
  return { type: "string", enum: values.map(({ name }) => name) };
}

function scalarSchema(scalar: ScalarType | undefined): JsonObject {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return bytesSchema;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return { type: "integer", format: "int32" };
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return { type: "number", format: "double" };
    default:
      // Answered as text, because numbers in JSON are not that exact; taken as both.
      return { type: ["string", "integer"], format: "int64" };
  }
}
