import { PrismError } from "../../protocol/index.js";

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
