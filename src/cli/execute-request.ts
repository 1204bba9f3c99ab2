import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type ExecuteRequest, ExecuteRequestSchema } from "../protocol/gen/prism/plugin/plugin_pb.js";
import {
  isReadObject,
  messageFromJson,
  nearestName,
  generousBounds,
  readJson,
  type ReadJson,
  typedOperations,
  typeUrlOf,
} from "../protocol/index.js";
import { usageError } from "./usage-error.js";

/** What the operator wrote: parameters as they came, and fields given as text by flags. */
export interface Parameters {
  readonly bytes?: Uint8Array | undefined;
  readonly key?: readonly string[] | undefined;
  readonly value?: readonly string[] | undefined;
  readonly expected?: string | undefined;
}

type Fields = Record<string, ReadJson>;

/**
 * The request for an operation. That of a typed service is built from canonical protobuf JSON and refused where it does
 * not fit; any other gets the bytes as they are, as `raw_params`.
 */
export function executeRequest(operation: string, parameters: Parameters): ExecuteRequest {
  const input = typedOperations.get(operation)?.input;
  if (!input) {
    assertNoFlags(operation, parameters);
    const value = parameters.bytes ?? new Uint8Array();
    return create(ExecuteRequestSchema, { operation, params: { case: "rawParams", value } });
  }
  const json = { ...parse(parameters.bytes), ...fieldsOf(operation, input, parameters) };
  const message = messageOf(operation, input, { ...json });
  assertWhole(operation, input, json);
  const params = { typeUrl: typeUrlOf(input), value: toBinary(input, message) };
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

function parse(bytes: Uint8Array | undefined): Fields {
  if (bytes === undefined) return {};
  let json: ReadJson;
  try {
    json = readJson(bytes);
  } catch (reason) {
    throw usageError(`the parameters are no JSON (${whyOf(reason)}): write them as '{"key":"greeting"}'`);
  }
  if (isReadObject(json)) return json;
  throw usageError(`the parameters are no JSON object: write them as '{"key":"greeting"}'`);
}

/** What an operation does nothing without, and how it is given. */
const needs: Readonly<Record<string, string>> = {
  key: "a key: give it as --key greeting",
  keys: "keys: give each as --key greeting",
  pairs: "pairs: give each as --key greeting --value hello",
  value: "a value: give it as --value hello, or as --value '' where it is to be empty",
};

/** A field that was forgotten is not one that is empty. */
function assertWhole(operation: string, input: DescMessage, json: Fields): void {
  for (const [name, need] of Object.entries(needs)) {
    const isTaken = input.fields.some((field) => field.name === name);
    if (isTaken && !Object.hasOwn(json, name)) throw usageError(`${operation} needs ${need}`);
  }
}

function messageOf(operation: string, input: DescMessage, json: Fields): Message {
  try {
    return messageFromJson<DescMessage>(input, json, { digits: generousBounds.digits });
  } catch (reason) {
    const fields = input.fields.map(({ name }) => name).join(", ");
    throw usageError(`the parameters do not fit ${operation} (${whyOf(reason)}): it takes ${fields}`);
  }
}

function whyOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function fieldsOf(operation: string, input: DescMessage, parameters: Parameters): Fields {
  const { key = [], value = [], expected } = parameters;
  const takes = (name: string): boolean => input.fields.some((field) => field.name === name);
  if (takes("pairs")) return key.length + value.length === 0 ? {} : { pairs: pairsOf(key, value) };

  const fields: Fields = {};
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

function pairsOf(keys: readonly string[], values: readonly string[]): Fields[] {
  if (keys.length !== values.length) throw usageError("give as many --value as --key");
  return keys.map((key, index) => ({ key, value: base64(values[index] ?? "") }));
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
