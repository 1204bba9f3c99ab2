import { create, toBinary } from "@bufbuild/protobuf";
import { type StreamRequest, StreamRequestSchema } from "../../../../protocol/gen/prism/plugin/plugin_pb.js";
import type { ReadJson } from "../../../../protocol/index.js";
import { frameMessage } from "../../../../wire/index.js";
import type { InnerCall } from "../inner-call.js";
import type { Serving } from "../serving.js";
import { jsonLines } from "./json-lines.js";
import { jsonRefusal, readBody } from "./json-text.js";
import { linesType } from "./media-types.js";
import { paramsFromJson, paramsUnfit } from "./params-json.js";

/**
 * A body as the messages of a stream, framed; the first names the operation. A JSON body is one message, lines are one
 * each. The first has to come at a pace; a stream that has begun may be silent.
 */
export async function* streamRequests(
  serving: Serving,
  operation: string,
  contentType: string,
): AsyncGenerator<Buffer> {
  const { turns, jsonBounds: bounds } = serving;
  const texts = contentType === linesType ? lines(serving) : wholeBody(serving);
  let named = operation;
  try {
    for await (const json of texts) {
      yield await turns.run(() =>
        framed(named, paramsFromJson(StreamRequestSchema, { json, operation, bounds })),
      );
      named = "";
    }
  } catch (reason) {
    throw jsonRefusal(reason, (why) => paramsUnfit(StreamRequestSchema, why));
  }
  if (named !== "") yield framed(named, { params: { case: undefined } });
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

async function* wholeBody(serving: Serving): AsyncGenerator<ReadJson> {
  yield await readBody(serving);
}

async function* lines(serving: Serving): AsyncGenerator<ReadJson> {
  let body: { next(): Promise<Buffer | undefined> } = serving.body;
  for await (const line of jsonLines(serving, () => body.next())) {
    body = serving.exchange.body;
    yield line;
  }
}

function framed(operation: string, { params }: Pick<StreamRequest, "params">): Buffer {
  return frameMessage(toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation, params })));
}
