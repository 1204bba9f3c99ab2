import { fromBinary, fromJson, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import { PrismError, type TypedMethod } from "../../../../protocol/index.js";
import { parseJson, reasonOf } from "./parse-json.js";
import type { JsonOperation } from "./serve-unary.js";

/** A method of a typed service: its messages in canonical protobuf JSON. */
export function typedOperation(method: TypedMethod): JsonOperation {
  const { path, input, output } = method;
  return {
    path,
    encode: (body) => toBinary(input, requestFrom(method, body)),
    decode: (message) => toJson(output, fromBinary(output, message), { alwaysEmitImplicit: true }),
  };
}

function requestFrom({ input }: TypedMethod, body: Buffer): Message {
  try {
    return fromJson(input, body.length === 0 ? {} : parseJson(body));
  } catch (reason) {
    const fields = input.fields.map(({ jsonName }) => jsonName).join(", ");
    const message = `the body is no ${input.typeName} as JSON (${reasonOf(reason)}): it takes ${fields}`;
    throw new PrismError("invalidRequest", message, { cause: reason });
  }
}
