import { type DescMessage, type JsonValue, type Message, toBinary } from "@bufbuild/protobuf";
import type { JsonBounds, ReadJson } from "../../../../protocol/index.js";
import type { Serving } from "../serving.js";
import { jsonRefusal, readBody } from "./json-text.js";
import { answerTypeFor, contentTypeOf, jsonType } from "./media-types.js";

/** An operation that answers once, as JSON sees it. */
export interface JsonOperation {
  /** The gRPC method that serves it. */
  readonly path: string;
  /** What the message of a request is. */
  readonly input: DescMessage;
  /** The method's message for a body. Throws where the body does not fit. */
  read(body: ReadJson, bounds: JsonBounds): Message;
  /** Says of a body that does not fit why, and what does. */
  unfit(why: string): string;
  /** The result in the method's answer. Throws where that tells of a failure, is garbage, or costs too much to tell. */
  decode(message: Buffer, bounds: JsonBounds): JsonValue;
}

/** Serves an operation that answers once. */
export async function serveUnary(
  serving: Serving,
  namespace: string,
  operation: JsonOperation,
): Promise<void> {
  const { exchange } = serving;
  contentTypeOf(exchange, jsonType);
  answerTypeFor(exchange, jsonType);
  const headers = serving.headersFor(namespace, operation.path);
  const call = await serving.call(headers, () => messageOf(serving, operation));
  const answered = await serving.answerOf(serving.limitJson(call));
  await serving.answerJson(await serving.turns.run(() => operation.decode(answered, serving.jsonBounds)));
}

async function messageOf(serving: Serving, operation: JsonOperation): Promise<Uint8Array> {
  try {
    const json = await readBody(serving);
    const message = await serving.turns.run(() => operation.read(json, serving.jsonBounds));
    return await serving.turns.run(() => toBinary(operation.input, message));
  } catch (reason) {
    throw jsonRefusal(reason, (why) => operation.unfit(why));
  }
}
