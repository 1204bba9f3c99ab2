import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  CompareAndSetRequestSchema,
  CompareAndSetResponseSchema,
  DeleteRequestSchema,
  DeleteResponseSchema,
  GetRequestSchema,
  GetResponseSchema,
  SetRequestSchema,
  SetResponseSchema,
} from "../../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { answerWith, type PluginStub, type ReceivedCall } from "../plugin-stub.js";

/** Makes a stub keep keys and values, as far as the HTTP door asks for; gives what it keeps. */
export function keepValues(plugin: PluginStub): Map<string, Buffer> {
  const kept = new Map<string, Buffer>();
  plugin.answer = (call) => {
    switch (call.request.operation) {
      case "get": {
        const value = kept.get(paramsOf(call, GetRequestSchema).key);
        return answer(call, GetResponseSchema, value ? { found: true, value } : {});
      }
      case "set": {
        const { key, value } = paramsOf(call, SetRequestSchema);
        kept.set(key, Buffer.from(value));
        return answer(call, SetResponseSchema, {});
      }
      case "delete":
        return answer(call, DeleteResponseSchema, {
          deleted: kept.delete(paramsOf(call, DeleteRequestSchema).key),
        });
      default:
        return answer(call, CompareAndSetResponseSchema, compareAndSet(kept, call));
    }
  };
  return kept;
}

/** The parameters of a call, as the message that they are. */
export function paramsOf<T extends DescMessage>(call: ReceivedCall | undefined, schema: T): MessageShape<T> {
  const { params } = call?.request ?? {};
  return fromBinary(schema, params?.case === "typedParams" ? params.value.value : new Uint8Array());
}

/** Answers with a message as the result. */
export function answer<T extends DescMessage>(
  call: ReceivedCall,
  schema: T,
  message: MessageInitShape<T>,
): void {
  const value = anyPack(schema, create(schema, message));
  answerWith(call, { success: true, result: { case: "typedResult", value } });
}

function compareAndSet(
  kept: Map<string, Buffer>,
  call: ReceivedCall,
): MessageInitShape<typeof CompareAndSetResponseSchema> {
  const { key, expected, value } = paramsOf(call, CompareAndSetRequestSchema);
  const current = kept.get(key);
  const swapped = expected === undefined ? current === undefined : (current?.equals(expected) ?? false);
  if (swapped) kept.set(key, Buffer.from(value));
  return { swapped, ...(swapped || !current ? {} : { current }) };
}
