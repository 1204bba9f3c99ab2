import type { JsonValue } from "@bufbuild/protobuf";
import type { Serving } from "../serving.js";
import { answerTypeFor, contentTypeOf, jsonType } from "./media-types.js";

/** An operation that answers once, as JSON sees it. */
export interface JsonOperation {
  /** The gRPC method that serves it. */
  readonly path: string;
  /** The method's message for a body. Throws where the body does not fit. */
  encode(body: Buffer): Uint8Array;
  /** The result in the method's answer. Throws where that tells of a failure, or is garbage. */
  decode(message: Buffer): JsonValue;
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
  const call = await serving.call(headers, async () => operation.encode(await serving.gather()));
  await serving.answerJson(operation.decode(await serving.answerOf(call)));
}
