import { gunzipSync, inflateSync } from "node:zlib";
import { PrismError } from "../../../protocol/index.js";
import { notInflatable } from "./message-failures.js";

/** How a client compresses the messages of a call, by `grpc-encoding`: "deflate" is zlib's format, as RFC 1950 has it. */
export type Encoding = "gzip" | "deflate";

/** What is told in `grpc-accept-encoding` to a client that compresses otherwise (gRPC's compression specification). */
export const acceptedEncodings = "identity,gzip,deflate";

/**
 * Reads `grpc-encoding` for a call whose message is changed on its way; undefined where its messages come as they are.
 * Throws where we cannot inflate what is so encoded.
 */
export function encodingFrom(told: string): Encoding | undefined {
  if (told === "" || told === "identity") return undefined;
  if (told === "gzip" || told === "deflate") return told;
  const message = `messages compressed with "${told.slice(0, 40)}" cannot be read: send them as they are, or compressed with gzip or deflate`;
  throw new PrismError("unknownEncoding", message);
}

/** zlib's answer where it is asked to tell what it consumed. */
interface Informed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Inflates a message at once; undefined where more than so many bytes would come out, without going on. Throws where it
 * is not one whole compressed message.
 */
export function inflateAtOnce(compressed: Buffer, encoding: Encoding, mostBytes: number): Buffer | undefined {
  const inflate = encoding === "gzip" ? gunzipSync : inflateSync;
  let inflated: Informed;
  try {
    // With `info` it answers this; the types of Node.js do not say so.
    inflated = inflate(compressed, { maxOutputLength: mostBytes, info: true }) as unknown as Informed;
  } catch (reason) {
    if (isTooLarge(reason)) return undefined;
    throw notInflatable(encoding);
  }
  if (inflated.engine.bytesWritten < compressed.length) throw notInflatable(encoding);
  return inflated.buffer;
}

function isTooLarge(reason: unknown): boolean {
  return reason instanceof RangeError && "code" in reason && reason.code === "ERR_BUFFER_TOO_LARGE";
}
