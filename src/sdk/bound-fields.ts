import type { DescMessage } from "@bufbuild/protobuf";
import { FieldReader, mostRequestFields } from "./field-reader.js";

/** Of the fields that are messages: what is a message within each, by their numbers. */
export type NestedFields = Map<number, NestedFields>;

/** No field takes fewer: a tag and a value or a length. */
const leastBytesOfField = 2;
/** Where the value stands in an entry of a map. */
const mapValue = 2;

/** Where in a message others are nested. A message that holds its own kind gives a circle. */
export function nestedFields(
  schema: DescMessage,
  known = new Map<DescMessage, NestedFields>(),
): NestedFields {
  const there = known.get(schema);
  if (there) return there;
  const nested: NestedFields = new Map();
  known.set(schema, nested);
  for (const field of schema.fields) {
    const within = field.message ? nestedFields(field.message, known) : new Map<number, NestedFields>();
    if (field.fieldKind === "map") nested.set(field.number, new Map([[mapValue, within]]));
    else if (field.message) nested.set(field.number, within);
  }
  return nested;
}

/**
 * Throws where a message has more fields than a request may, unknown ones and those within its fields included. Nothing is
 * made of them; what is too short to have so many is not looked at.
 */
export function boundFields(bytes: Uint8Array, nested: NestedFields): void {
  if (bytes.length <= leastBytesOfField * mostRequestFields) return;
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  walk(new FieldReader(whole, 0, whole.length), nested);
}

function walk(fields: FieldReader, nested: NestedFields): void {
  while (fields.next()) {
    const within = nested.get(fields.number);
    if (within) walk(fields.within(), within);
  }
}
