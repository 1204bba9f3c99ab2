import { fromBinary, type JsonObject } from "@bufbuild/protobuf";
import { Data } from "../../../../protocol/gen/prism/data/v1/data_pb.js";
import { StreamResponseSchema } from "../../../../protocol/gen/prism/plugin/plugin_pb.js";
import { type JsonBounds, printable, PrismError, statusJson } from "../../../../protocol/index.js";
import { MessageError, MessageReader } from "../../../../wire/index.js";
import { statusOf } from "../http-failure.js";
import { HttpRefusal } from "../http-refusal.js";
import type { OperationRequest } from "../http-request.js";
import type { InnerCall } from "../inner-call.js";
import type { Serving } from "../serving.js";
import { answerTypeFor, contentTypeOf, eventsType, jsonType, linesType } from "./media-types.js";
import { resultToJson } from "./params-json.js";
import { StreamAnswer } from "./stream-answer.js";
import { sendAll, streamRequests } from "./stream-requests.js";

/** The method that serves streaming operations. */
export const streamPath = `/${Data.typeName}/${Data.method.executeStream.name}`;

/**
 * Serves a streaming operation: both ways messages pass one by one, as fast as the other side takes them. A failure
 * before the first answer is told by its HTTP status, a later one by a last line that has `error`.
 */
export async function serveStream(serving: Serving, request: OperationRequest): Promise<void> {
  const { exchange } = serving;
  const contentType = contentTypeOf(exchange, jsonType, linesType);
  const accepted = answerTypeFor(exchange, linesType, eventsType, jsonType);
  const answerType = accepted === eventsType ? eventsType : linesType;
  const answer = new StreamAnswer(exchange, answerType, serving.service.deadlines);
  const headers = serving.headersFor(request.namespace, streamPath);
  const messages = streamRequests(serving, request.operation, contentType);
  const first = await serving.prepare(headers, () => messages.next());

  const call = serving.begin(headers);
  if (!first.done) call.send(first.value);
  const sending = new Sending(serving, call, messages);
  try {
    await passOn(serving, call, answer);
  } catch (reason) {
    const failure = sending.failure ?? reason;
    if (!exchange.begun || exchange.left.aborted) throw failure;
    await answer.write(printable(JSON.stringify({ error: statusJson(statusOf(failure)) })));
  }
  answer.end();
}

/** The request's side of a stream. Its failure ends the call; its end is of no more interest when the call is over. */
class Sending {
  failure: unknown;

  constructor({ exchange }: Serving, call: InnerCall, messages: AsyncIterable<Buffer>) {
    call.onceOver(() => exchange.body.fail(new PrismError("cancelled", "the call is over")));
    sendAll(call, messages).catch((reason: unknown) => {
      if (call.sendClosed) return;
      this.failure = reason;
      call.cancel();
    });
  }
}

/** Passes the plugin's messages on. Rejects where the call fails, or one is larger than JSON's may be. */
async function passOn(serving: Serving, call: InnerCall, answer: StreamAnswer): Promise<void> {
  const { turns, jsonBounds: bounds } = serving;
  const most = serving.limits.jsonLineBytes;
  const reader = new MessageReader(most);
  await call.begun();
  answer.beginSoon();
  try {
    for (let piece; (piece = await call.read());)
      for (const message of messagesIn(reader, piece, most))
        await answer.write(await turns.run(() => JSON.stringify(lineOf(message, bounds))));
  } catch (reason) {
    if (reason instanceof HttpRefusal) call.refuse(reason);
    throw reason;
  } finally {
    answer.leave();
    call.cancel();
  }
  if (!reader.atBoundary) throw fault("ended its answer in the middle of a message");
}

function messagesIn(reader: MessageReader, piece: Buffer, most: number): Buffer[] {
  try {
    return reader.push(piece);
  } catch (reason) {
    if (reason instanceof MessageError && reason.tooLarge) throw messageTooLarge(most);
    throw fault(`answered with ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

function lineOf(message: Buffer, bounds: JsonBounds): JsonObject {
  let response;
  try {
    response = fromBinary(StreamResponseSchema, message);
  } catch {
    throw fault("answered with bytes that are no prism.plugin.StreamResponse");
  }
  return { ...resultToJson(response, bounds), ...(response.isFinal ? { isFinal: true } : {}) };
}

function messageTooLarge(most: number): HttpRefusal {
  const limit = "server.limits.json_line_bytes";
  const message = `the plugin answered with a message of more than ${most} bytes (${limit}): ask for less at once, or use gRPC`;
  return new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 422);
}

function fault(did: string): PrismError {
  return new PrismError("pluginFault", `the plugin ${did}`);
}
