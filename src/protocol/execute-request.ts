import { type TypedMethod, typeUrlOf } from "./typed-method.js";
import { lengthDelimited, varintBytes, writeVarint } from "./varint.js";

/** Bytes before a gRPC message: a flag and the length. */
export const grpcHeaderBytes = 5;

/** The longest gRPC message, as its length has four bytes. */
export const longestGrpcMessage = 0xffff_ffff;

const Operation = 1;
const TypedParams = 0x12;
const Metadata = 4;
const AnyTypeUrl = 1;
const AnyValue = 0x12;

/** Entries of ExecuteRequest.metadata, encoded. Behind a message they override entries of the same key within it. */
export function metadataEntries(entries: Readonly<Record<string, string>>): Buffer {
  const encoded = Object.entries(entries).map(([key, value]) => {
    const pair = [lengthDelimited(1, Buffer.from(key)), lengthDelimited(2, Buffer.from(value))];
    return lengthDelimited(Metadata, Buffer.concat(pair));
  });
  return Buffer.concat(encoded);
}

/** Writes what stands before a typed request to make it an ExecuteRequest: protobuf needs no more. */
export class RequestWrapper {
  /** The operation's field and the tag of typed_params. */
  readonly #beforeAny: Buffer;
  /** The type URL's field and the tag of the Any's value. */
  readonly #beforeValue: Buffer;

  constructor({ operation, input }: TypedMethod) {
    const name = lengthDelimited(Operation, Buffer.from(operation));
    const typeUrl = lengthDelimited(AnyTypeUrl, Buffer.from(typeUrlOf(input)));
    this.#beforeAny = Buffer.concat([name, Buffer.from([TypedParams])]);
    this.#beforeValue = Buffer.concat([typeUrl, Buffer.from([AnyValue])]);
  }

  /** Bytes of the gRPC header and the prefix, for a request of so many bytes. */
  prefixBytes(requestBytes: number): number {
    const any = this.#anyBytes(requestBytes);
    return grpcHeaderBytes + this.#beforeAny.length + varintBytes(any) + any - requestBytes;
  }

  /**
   * Writes the gRPC header and the prefix at an offset; `suffixBytes` are to follow the request. Returns where the request
   * goes.
   */
  write(target: Buffer, at: number, requestBytes: number, suffixBytes: number): number {
    const any = this.#anyBytes(requestBytes);
    const message = this.#beforeAny.length + varintBytes(any) + any + suffixBytes;
    writeGrpcHeader(target, message, at);
    const anyAt = writeVarint(target, put(target, at + grpcHeaderBytes, this.#beforeAny), any);
    return writeVarint(target, put(target, anyAt, this.#beforeValue), requestBytes);
  }

  #anyBytes(requestBytes: number): number {
    return this.#beforeValue.length + varintBytes(requestBytes) + requestBytes;
  }
}

/** Copies a few bytes, for which a call into the engine would cost more than the loop; returns where the next goes. */
function put(target: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i] ?? 0;
  return at + bytes.length;
}

/** Writes the header of an uncompressed gRPC message at an offset of a buffer. */
export function writeGrpcHeader(target: Uint8Array, messageBytes: number, at = 0): void {
  target[at] = 0;
  target[at + 1] = messageBytes >>> 24;
  target[at + 2] = messageBytes >>> 16;
  target[at + 3] = messageBytes >>> 8;
  target[at + 4] = messageBytes;
}
