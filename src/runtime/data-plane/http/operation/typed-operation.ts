import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  bytesAreBase64,
  messageFromJson,
  messageToJson,
  type TypedMethod,
} from "../../../../protocol/index.js";
import { checkFields } from "./count-fields.js";
import type { JsonOperation } from "./json-operation.js";

const noTypes = createRegistry();

/** A method of a typed service: its messages in canonical protobuf JSON. */
export function typedOperation({ path, operation, input, output }: TypedMethod): JsonOperation {
  return {
    path,
    input,
    read: (body, { digits }) => messageFromJson(input, body, { digits }),
    unfit: (why) => {
      const fields = input.fields.map(({ jsonName }) => jsonName).join(", ");
      const raw =
        operation === "set" && why.includes(bytesAreBase64)
          ? "; raw bytes go by PUT /v1/namespaces/{namespace}/kv/{key}"
          : "";
      return `the body is no ${input.typeName} as JSON (${why}): it takes ${fields}${raw}`;
    },
    decode: (message, { values }) => {
      checkFields(output, message, { most: values, registry: noTypes });
      return messageToJson(output, fromBinary(output, message));
    },
  };
}
