import type { DescMessage, JsonValue, Message } from "@bufbuild/protobuf";
import type { JsonBounds, ReadJson } from "../../../../protocol/index.js";

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
