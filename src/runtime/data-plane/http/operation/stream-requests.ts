import { create, toBinary } from "@bufbuild/protobuf";
import { StreamRequestSchema } from "../../../../protocol/gen/prism/plugin/plugin_pb.js";
import { frameMessage } from "../../../../wire/index.js";
import type { InnerCall } from "../inner-call.js";
import type { Serving } from "../serving.js";
import { linesOf } from "./json-lines.js";
import { linesType } from "./media-types.js";
import { paramsFromJson } from "./params-json.js";

/**
 * A body as the messages of a stream, framed; the first names the operation. A JSON body is one message, lines are one
 * each. The first has to come at a pace; a stream that has begun may be silent.
 */
export async function* streamRequests(
  serving: Serving,
  operation: string,
  contentType: string,
): AsyncGenerator<Buffer> {
  const texts = contentType === linesType ? lines(serving) : wholeBody(serving);
  let named = operation;
  for await (const text of texts) {
    const { params } = paramsFromJson(StreamRequestSchema, text, operation);
    yield framed(named, params);
    named = "";
  }
  if (named !== "") yield framed(named, { case: undefined });
}

/** Sends messages as fast as the plugin takes them, then the end. */
export async function sendAll(call: InnerCall, messages: AsyncIterable<Buffer>): Promise<void> {
  for await (const message of messages) {
    call.send(message);
    await call.room();
    if (call.sendClosed) return;
  }
  call.end();
}

async function* wholeBody(serving: Serving): AsyncGenerator<Buffer> {
  yield await serving.gather();
}

async function* lines(serving: Serving): AsyncGenerator<Buffer> {
  let body: { next(): Promise<Buffer | undefined> } = serving.body;
  for await (const line of linesOf(() => body.next(), serving.limits.jsonLineBytes)) {
    body = serving.exchange.body;
    yield line;
  }
}

type Params = ReturnType<typeof paramsFromJson<typeof StreamRequestSchema>>["params"];

function framed(operation: string, params: Params): Buffer {
  return frameMessage(toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation, params })));
}
