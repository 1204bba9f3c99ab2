import { grpcHeaderBytes, longestGrpcMessage, PrismError } from "../../../../protocol/index.js";
import { gatheredBytes, taggedBytes } from "../http-limits.js";
import type { Bound } from "../bound.js";
import { HttpRefusal } from "../http-refusal.js";
import type { InnerCall } from "../inner-call.js";
import { type Serving, tooLarge } from "../serving.js";
import { TagMaker } from "./entity-tag.js";
import { beforeValue, messageBytes, type ValueWrite } from "./value-write.js";

/** What is put around a message on its way; one that leaves no room for it could not be told by a gRPC header. */
const roomForEnvelope = 64 * 1024;

/** A value that is on its way, and its entity tag; undefined where it is too large for one. */
export interface SentValue {
  readonly call: InnerCall;
  readonly tag: string | undefined;
}

/**
 * Sends the request's body as the value of a write. What is large and tells its length goes as it comes; the rest is
 * held first, because a message begins with its length.
 */
export async function sendValue(serving: Serving, namespace: string, write: ValueWrite): Promise<SentValue> {
  const { announcedBytes } = serving.exchange.body;
  const headers = serving.headersFor(namespace, write.path);
  checkSize(serving, write);
  if (announcedBytes !== undefined && announcedBytes > gatheredBytes) {
    const call = serving.begin(headers);
    return { call, tag: await stream(serving, call, beforeValue(write, announcedBytes)) };
  }
  let tag: string | undefined;
  const call = await serving.call(headers, async () => {
    const value = await gather(serving);
    checkSize(serving, write, value.length);
    tag = tagIn(new TagMaker().update(value), value.length);
    return Buffer.concat([beforeValue(write, value.length).subarray(grpcHeaderBytes), value]);
  });
  return { call, tag };
}

async function gather(serving: Serving): Promise<Buffer> {
  if (serving.exchange.body.announcedBytes !== undefined) return serving.gather(messageBound(serving));
  const bytes = serving.limits.unannouncedBytes;
  const limit = "server.limits.unannounced_bytes";
  try {
    return await serving.gather({ bytes, limit });
  } catch (reason) {
    if (!(reason instanceof HttpRefusal) || reason.httpStatus !== 413) throw reason;
    const message = `a body of more than ${bytes} bytes (${limit}) has to tell its length first: send Content-Length`;
    throw new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 411);
  }
}

/** Sends the value piece by piece, as fast as the plugin takes it. */
async function stream(serving: Serving, call: InnerCall, before: Buffer): Promise<string | undefined> {
  const { body } = serving.exchange;
  const { announcedBytes = 0 } = body;
  const tag = announcedBytes <= taggedBytes ? new TagMaker() : undefined;
  // Who is answered early does not wait for the rest of the body.
  call.onceOver(() => body.fail(new PrismError("cancelled", "the call is over")));
  call.send(before);
  try {
    for (let piece; !call.sendClosed && (piece = await serving.body.next());) {
      tag?.update(piece);
      call.send(piece);
      await call.room();
    }
    call.end();
  } catch (reason) {
    // The answer says why it is over, better than the body that was broken off for it.
    if (!call.sendClosed) {
      call.cancel();
      throw reason;
    }
  }
  return tag && tagIn(tag, announcedBytes);
}

function tagIn(tag: TagMaker, bytes: number): string | undefined {
  return bytes <= taggedBytes ? tag.finish() : undefined;
}

function checkSize(
  serving: Serving,
  write: ValueWrite,
  bytes = serving.exchange.body.announcedBytes ?? 0,
): void {
  const most = messageBound(serving);
  if (messageBytes(write, bytes) > most.bytes) throw tooLarge(most);
}

function messageBound({ service }: Serving): Bound {
  const bytes = service.messageBytes || longestGrpcMessage - roomForEnvelope;
  return { bytes, limit: "server.limits.message_bytes" };
}
