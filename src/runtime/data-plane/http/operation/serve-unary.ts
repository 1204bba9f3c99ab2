import { toBinary } from "@bufbuild/protobuf";
import type { Serving } from "../serving.js";
import type { JsonOperation } from "./json-operation.js";
import { jsonRefusal, readBody } from "./json-text.js";
import { answerTypeFor, contentTypeOf, jsonType } from "./media-types.js";

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
