import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { doubleOf, wholeNumber, WrittenNumber } from "./json-number.js";
import { JsonProblem } from "./json-problem.js";
import { isReadObject, type ReadJson } from "./json-value.js";
import { nearestName } from "../nearest-name.js";

/** What reading a message needs beside its JSON. */
export interface MessageReading {
  /** Types that stand in a google.protobuf.Any with their fields. */
  readonly registry?: Registry;
  /** Characters of a number that is written as a text. */
  readonly digits: number;
}

/**
 * Makes a message of canonical protobuf JSON. Whole numbers are exact however they are written; a double takes the
 * nearest; a google.protobuf.Value takes only what a double holds. Throws where it does not fit. What it is given is
 * changed.
 */
export function messageFromJson<T extends DescMessage>(
  desc: T,
  json: ReadJson,
  reading: MessageReading,
): MessageShape<T> {
  const settled = settleMessage(desc, json, reading);
  try {
    return fromJson(desc, settled as JsonValue, reading.registry && { registry: reading.registry });
  } catch (reason) {
    if (!(reason instanceof Error) || !reason.message.includes("base64")) throw reason;
    throw new TypeError(`${reason.message}; ${bytesAreBase64}`, { cause: reason });
  }
}

/** How the reason ends where what should be base64 is not. */
export const bytesAreBase64 = "bytes are base64 in JSON";

const wholeTypes = new Set([
  ...[ScalarType.INT32, ScalarType.SINT32, ScalarType.SFIXED32, ScalarType.UINT32, ScalarType.FIXED32],
  ...[ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64, ScalarType.UINT64, ScalarType.FIXED64],
]);
const numberTypes = new Set([...wholeTypes, ScalarType.FLOAT, ScalarType.DOUBLE]);

type Settle = (json: ReadJson) => ReadJson;

/** Makes each number that was kept as written what its field takes. */
function settleMessage(desc: DescMessage, json: ReadJson, reading: MessageReading): ReadJson {
  switch (desc.typeName) {
    case "google.protobuf.Any":
      return settleAny(json, reading);
    case "google.protobuf.Struct":
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
      return settleData(json);
  }
  const [value] = desc.fields;
  if (isWrapperDesc(desc) && value?.scalar !== undefined) return settleScalar(value.scalar, json, reading);
  if (!isReadObject(json)) return settleOther(json);
  assertKnown(desc, json);
  for (const field of desc.fields) {
    const settle: Settle = (inner) => named(field, () => settleField(field, inner, reading));
    settleAt(json, field.name, settle);
    if (field.jsonName !== field.name) settleAt(json, field.jsonName, settle);
  }
  return json;
}

/** Throws at a key that is of no field, with the field that was meant. Extensions and the type of an Any are read elsewhere. */
function assertKnown({ fields }: DescMessage, json: Record<string, ReadJson>): void {
  for (const key of Object.keys(json)) {
    if (key.startsWith("[") || key === "@type") continue;
    if (fields.some(({ name, jsonName }) => key === name || key === jsonName)) continue;
    const nearest = nearestName(
      key,
      fields.map(({ jsonName }) => jsonName),
    );
    const hint = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
    throw new TypeError(`there is no field ${JSON.stringify(short(key))}${hint}`);
  }
}

/** Runs what settles a field; what does not fit is told with the field's name. */
function named<T>({ jsonName }: DescField, settle: () => T): T {
  try {
    return settle();
  } catch (reason) {
    if (!(reason instanceof TypeError)) throw reason;
    throw new TypeError(`${jsonName}: ${reason.message}`, { cause: reason });
  }
}

/** A message whose type the JSON names. */
function settleAny(json: ReadJson, reading: MessageReading): ReadJson {
  if (!isReadObject(json)) return settleOther(json);
  const typeUrl = json["@type"];
  const name = typeof typeUrl === "string" ? typeUrl.slice(typeUrl.lastIndexOf("/") + 1) : "";
  const desc = reading.registry?.getMessage(name);
  if (!desc) return json;
  // Types with a JSON of their own stand under "value".
  if (desc.typeName.startsWith("google.protobuf.") && Object.hasOwn(json, "value"))
    settleAt(json, "value", (value) => settleMessage(desc, value, reading));
  else settleMessage(desc, json, reading);
  return json;
}

/** What a google.protobuf.Value holds: its numbers are doubles, and lose nothing by it. */
function settleData(json: ReadJson): ReadJson {
  if (json instanceof WrittenNumber) {
    const value = doubleOf(json);
    if (value !== undefined) return value;
    throw new TypeError(`a double cannot hold the number ${short(json.text)}: send it as a text`);
  }
  if (Array.isArray(json)) return settleEach(json, settleData);
  if (isReadObject(json)) for (const key of Object.keys(json)) settleAt(json, key, settleData);
  return json;
}

function settleScalar(type: ScalarType, json: ReadJson, { digits }: MessageReading): ReadJson {
  if (json instanceof WrittenNumber) return wholeTypes.has(type) ? settleWhole(json) : json.rounded;
  if (typeof json !== "string" || !numberTypes.has(type)) return settleOther(json);
  if (json.length > digits)
    throw new JsonProblem(undefined, `a number has more than ${digits} digits`, "digits");
  if (wholeTypes.has(type) && !/^-?\d+(?:\.0+)?(?:[eE]\+?\d+)?$/.test(json))
    throw new TypeError(`${JSON.stringify(short(json))} is no whole number`);
  return json;
}

/** As a text, which fields of 64 bits take exactly, and others take as well. */
function settleWhole(written: WrittenNumber): ReadJson {
  const whole = wholeNumber(written);
  if (whole === undefined) throw new TypeError(`${short(written.text)} is no whole number of 64 bits`);
  return String(whole);
}

/** What does not fit its field, at which reading the message fails. */
function settleOther(json: ReadJson): ReadJson {
  return json instanceof WrittenNumber ? json.rounded : json;
}

function settleField(field: DescField, json: ReadJson, reading: MessageReading): ReadJson {
  switch (field.fieldKind) {
    case "scalar":
      return settleScalar(field.scalar, json, reading);
    case "enum":
      return settleEnum(json);
    case "message":
      return settleMessage(field.message, json, reading);
    case "list":
      return Array.isArray(json) ? settleEach(json, settleEntry(field, reading)) : settleOther(json);
    case "map": {
      if (!isReadObject(json)) return settleOther(json);
      const settle = settleEntry(field, reading);
      for (const key of Object.keys(json)) settleAt(json, key, settle);
      return json;
    }
  }
}

/** What makes each value of a list or a map what the field takes. */
function settleEntry(field: DescField & { fieldKind: "list" | "map" }, reading: MessageReading): Settle {
  const { message, scalar } = field;
  if (message) return (json) => settleMessage(message, json, reading);
  return scalar === undefined ? settleEnum : (json) => settleScalar(scalar, json, reading);
}

/** A name, or a number that is small enough for a double. */
function settleEnum(json: ReadJson): ReadJson {
  if (!(json instanceof WrittenNumber)) return settleOther(json);
  const whole = wholeNumber(json);
  if (whole === undefined) throw new TypeError(`${short(json.text)} is no number of an enum`);
  return Number(whole);
}

function settleEach(list: ReadJson[], settle: Settle): ReadJson {
  for (const [index, value] of list.entries()) list[index] = settle(value);
  return list;
}

function settleAt(json: Record<string, ReadJson>, key: string, settle: Settle): void {
  if (!Object.hasOwn(json, key)) return;
  const value = json[key];
  if (value === undefined) return;
  const settled = settle(value);
  // A key that is there already, so that nothing objects inherit is written to.
  if (settled !== value) json[key] = settled;
}

function short(text: string): string {
  const longest = 40;
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
