import {
  create,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { type ExecuteRequest, ExecuteRequestSchema } from "../protocol/gen/prism/plugin/plugin_pb.js";
import { nearestName, typedOperations, typeUrlOf } from "../protocol/index.js";
import { usageError } from "./usage-error.js";

/** What the operator wrote: parameters as JSON, and fields given as text by flags. */
export interface Parameters {
  readonly json?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly value?: readonly string[] | undefined;
  readonly expected?: string | undefined;
}

/**
 * The request for an operation. That of a typed service is built from canonical protobuf JSON and refused where it does
 * not fit; any other gets the JSON's own bytes as `raw_params`.
 */
export function executeRequest(operation: string, parameters: Parameters): ExecuteRequest {
  const input = typedOperations.get(operation)?.input;
  if (!input) {
    assertNoFlags(operation, parameters);
    const rawParams = new TextEncoder().encode(parameters.json ?? "");
    return create(ExecuteRequestSchema, { operation, params: { case: "rawParams", value: rawParams } });
  }
  const json = { ...parse(parameters.json ?? "{}"), ...fieldsOf(operation, input, parameters) };
  const params = { typeUrl: typeUrlOf(input), value: toBinary(input, messageOf(operation, input, json)) };
  return create(ExecuteRequestSchema, { operation, params: { case: "typedParams", value: params } });
}

/** Which field of a plugin's own operation a flag would mean, nobody knows. */
function assertNoFlags(operation: string, { key = [], value = [], expected }: Parameters): void {
  const given = { key: key.length > 0, value: value.length > 0, expected: expected !== undefined };
  for (const [flag, isGiven] of Object.entries(given)) {
    if (!isGiven) continue;
    throw usageError(
      `--${flag} goes with the operations of Prism's patterns, and "${operation}" is none of them: ${meantBy(operation)}`,
    );
  }
}

function meantBy(operation: string): string {
  const nearest = nearestName(operation, typedOperations.keys());
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return `give its parameters as they are, as in \`prism call <namespace> ${operation} <parameters>\``;
}

function parse(text: string): JsonObject {
  try {
    const json = JSON.parse(text) as JsonValue;
    if (isObject(json)) return json;
  } catch (reason) {
    throw usageError(`the parameters are no JSON (${String(reason)}): write them as '{"key":"greeting"}'`);
  }
  throw usageError(`the parameters are no JSON object: write them as '{"key":"greeting"}'`);
}

function messageOf(operation: string, input: DescMessage, json: JsonObject): Message {
  try {
    const message: Message = fromJson(input, json);
    return message;
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    const fields = input.fields.map(({ name }) => name).join(", ");
    throw usageError(`the parameters do not fit ${operation} (${why}): it takes ${fields}`);
  }
}

function fieldsOf(operation: string, input: DescMessage, parameters: Parameters): JsonObject {
  const { key = [], value = [], expected } = parameters;
  const takes = (name: string): boolean => input.fields.some((field) => field.name === name);
  if (takes("pairs")) return key.length + value.length === 0 ? {} : { pairs: pairsOf(key, value) };

  const fields: JsonObject = {};
  const given = { key, value: value.map(base64), expected: expected === undefined ? [] : [base64(expected)] };
  for (const [flag, [first, ...more]] of Object.entries(given)) {
    if (first === undefined) continue;
    const many = takes(`${flag}s`);
    if (!many && !takes(flag)) throw usageError(`${operation} takes no --${flag}`);
    if (!many && more.length > 0) throw usageError(`${operation} takes one --${flag}`);
    if (many) fields[`${flag}s`] = [first, ...more];
    else fields[flag] = first;
  }
  return fields;
}

function pairsOf(keys: readonly string[], values: readonly string[]): JsonObject[] {
  if (keys.length !== values.length) throw usageError("give as many --value as --key");
  return keys.map((key, index) => ({ key, value: base64(values[index] ?? "") }));
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
