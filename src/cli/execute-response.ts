import { type DescMessage, fromBinary, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { ExecuteResponse, StreamResponse } from "../protocol/gen/prism/plugin/plugin_pb.js";
import { Code, codeFrom, PrismError, textOf, typedOperations, typeUrlOf } from "../protocol/index.js";

/** What an operation answered. */
export interface Answer {
  /** Canonical protobuf JSON; an answer in bytes is text where it is UTF-8, else `{"base64": …}`. */
  readonly json: JsonValue;
  /** The bytes in it that are text, as "path: text", for eyes. */
  readonly texts: readonly string[];
}

/** Reads a plugin's answer. Throws `operationFailed` with the plugin's own sentence and code where it failed, `operationNotServed` where it does not serve it. */
export function answerOf(operation: string, response: ExecuteResponse): Answer {
  const { success, error, errorCode, result } = response;
  if (!success) {
    const sentence = error === "" ? `${operation} failed, and the plugin gave no reason` : error;
    const code = codeFrom(errorCode);
    // Only the plugin knows what it serves.
    const kind = code === Code.UNIMPLEMENTED ? "operationNotServed" : "operationFailed";
    throw new PrismError(kind, sentence, { code });
  }
  return answerFrom(operation, result);
}

/** Reads what an operation answers, of a stream one of its messages. */
export function answerFrom(
  operation: string,
  result: ExecuteResponse["result"] | StreamResponse["result"],
): Answer {
  const output = typedOperations.get(operation)?.output;
  if (result.case !== "typedResult") return { json: jsonOfBytes(result.value), texts: [] };
  if (!output || result.value.typeUrl !== typeUrlOf(output)) {
    const { typeUrl, value } = result.value;
    return { json: { "@type": typeUrl, base64: Buffer.from(value).toString("base64") }, texts: [] };
  }
  return messageAnswer(output, fromBinary(output, result.value.value));
}

function messageAnswer(output: DescMessage, message: Message): Answer {
  return {
    json: toJson(output, message, { alwaysEmitImplicit: true }),
    texts: [...textsIn(reflect(output, message), "")],
  };
}

function jsonOfBytes(bytes: Uint8Array | undefined): JsonValue {
  if (bytes === undefined) return {};
  return readable(bytes) ?? { base64: Buffer.from(bytes).toString("base64") };
}

function* textsIn(message: ReflectMessage, path: string): Iterable<string> {
  for (const field of message.fields.filter((each) => message.isSet(each))) {
    if (field.fieldKind === "list" && field.listKind === "message") {
      for (const [index, item] of [...message.get(field)].entries()) {
        yield* textsIn(item as ReflectMessage, `${path}${field.localName}.${index}.`);
      }
    } else if (field.fieldKind === "scalar") {
      const bytes: unknown = message.get(field);
      const text = bytes instanceof Uint8Array ? readable(bytes) : undefined;
      if (text !== undefined) yield `${path}${field.localName}: ${text}`;
    }
  }
}

/** Bytes as text, undefined where they are none: no UTF-8, or full of control characters. */
function readable(bytes: Uint8Array): string | undefined {
  const text = textOf(bytes);
  // What would steer the terminal is not printed.
  return text === undefined || /(?![\t\n\r])\p{Cc}/u.test(text) ? undefined : text;
}
