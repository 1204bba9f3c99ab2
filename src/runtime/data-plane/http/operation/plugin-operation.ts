import { fromBinary } from "@bufbuild/protobuf";
import { Data } from "../../../../protocol/gen/prism/data/v1/data_pb.js";
import {
  ExecuteRequestSchema,
  type ExecuteResponse,
  ExecuteResponseSchema,
} from "../../../../protocol/gen/prism/plugin/plugin_pb.js";
import { Code, codeFrom, PrismError } from "../../../../protocol/index.js";
import { paramsFromJson, paramsUnfit, resultToJson } from "./params-json.js";
import type { JsonOperation } from "./json-operation.js";

/** An operation of a plugin's own: its parameters and its result as the plugin protocol has them. */
export function pluginOperation(operation: string): JsonOperation {
  return {
    path: `/${Data.typeName}/${Data.method.execute.name}`,
    input: ExecuteRequestSchema,
    read: (json, bounds) => {
      const request = paramsFromJson(ExecuteRequestSchema, { json, operation, bounds });
      return { ...request, operation };
    },
    unfit: (why) => paramsUnfit(ExecuteRequestSchema, why),
    decode: (message, bounds) => {
      const response = responseFrom(message);
      if (!response.success) throw failureOf(operation, response);
      return resultToJson(response, bounds);
    },
  };
}

function responseFrom(message: Buffer): ExecuteResponse {
  try {
    return fromBinary(ExecuteResponseSchema, message);
  } catch (cause) {
    const did = "the plugin answered with bytes that are no prism.plugin.ExecuteResponse";
    throw new PrismError("pluginFault", did, { cause });
  }
}

function failureOf(operation: string, { error, errorCode }: ExecuteResponse): PrismError {
  const said = error || `"${operation}" failed, and the plugin does not say why`;
  return new PrismError("operationFailed", said, {
    // A failure with the code of success would be told as success.
    code: codeFrom(errorCode) || Code.UNKNOWN,
    info: { operation },
  });
}
