import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import { messageFromJson, messageToJson, type TypedMethod } from "../../../../protocol/index.js";
import { checkFields } from "./count-fields.js";
import type { JsonOperation } from "./json-operation.js";

const noTypes = createRegistry();

/** A method of a typed service: its messages in canonical protobuf JSON. */
export function typedOperation({ path, input, output }: TypedMethod): JsonOperation {
  return {
    path,
    input,
    read: (body, { digits }) => messageFromJson(input, body, { digits }),
    unfit: (why) => {
      const fields = input.fields.map(({ jsonName }) => jsonName).join(", ");
      return `the body is no ${input.typeName} as JSON (${why}): it takes ${fields}`;
    },
    decode: (message, { values }) => {
      checkFields(output, message, { most: values, registry: noTypes });
      return messageToJson(output, fromBinary(output, message));
    },
  };
}
