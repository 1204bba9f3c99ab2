import { Gathered } from "../../../../wire/index.js";
import { fromBinary } from "@bufbuild/protobuf";
import { GetResponseSchema } from "../../../../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { placeOfValue } from "../../../../protocol/get-response.js";
import { grpcHeaderBytes, PrismError } from "../../../../protocol/index.js";
import type { InnerCall } from "../inner-call.js";
import type { Serving } from "../serving.js";

/** What comes before a value in a message: two fields' tags, a flag and a length. */
const mostBefore = grpcHeaderBytes + 3 + 5;

/** A value that is there, as it comes from the plugin. */
export class ValueReply {
  /** How long it is, all told. */
  readonly bytes: number;
  readonly #call: InnerCall;
  #first: Buffer | undefined;
  #left: number;

  /** Reads the answer to a `get` as far as the value's begin; undefined where there is none. */
  static async open(call: InnerCall, serving: Serving): Promise<ValueReply | undefined> {
    const first = await readFirst(call);
    const end = grpcHeaderBytes + first.readUInt32BE(1);
    const place = first.length < end ? placeOfValue(first, grpcHeaderBytes) : undefined;
    if (place) {
      if (place.start + place.bytes > end) throw garbled();
      return new ValueReply(call, place.bytes, first.subarray(place.start));
    }
    const rest = await serving.answerOf(call, first);
    const { found, value } = decode(rest);
    return found ? new ValueReply(call, value.length, Buffer.from(value)) : undefined;
  }

  private constructor(call: InnerCall, bytes: number, first: Buffer) {
    this.#call = call;
    this.bytes = this.#left = bytes;
    this.#first = first;
  }

  /** The value's next bytes, as they come; undefined at its end. Rejects where the call fails before. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const piece = this.#first ?? (await this.#call.read());
      this.#first = undefined;
      if (!piece) {
        if (this.#left > 0) throw garbled();
        return undefined;
      }
      // What a later version of the protocol writes behind the value is passed over.
      const bytes = piece.subarray(0, this.#left);
      this.#left -= bytes.length;
      if (bytes.length > 0) return bytes;
    }
  }

  /** All of it; small enough to be held. */
  async whole(): Promise<Buffer> {
    const gathered = new Gathered();
    for (let piece; (piece = await this.next());) gathered.push(piece);
    return gathered.take();
  }

  /** The rest is of no use. */
  leave(): void {
    this.#call.cancel();
  }
}

/** Enough of the answer to tell where the value lies, or all of it. */
async function readFirst(call: InnerCall): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < mostBefore) {
    const piece = await call.read();
    if (!piece) break;
    first = first.length === 0 ? piece : Buffer.concat([first, piece]);
  }
  if (first.length < grpcHeaderBytes) throw garbled();
  return first;
}

function decode(message: Buffer): { found: boolean; value: Uint8Array } {
  try {
    return fromBinary(GetResponseSchema, message);
  } catch {
    throw garbled();
  }
}

function garbled(): PrismError {
  return new PrismError(
    "pluginFault",
    "the plugin answered with bytes that are no prism.keyvalue.v1.GetResponse",
  );
}
