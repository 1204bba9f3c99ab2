import { grpcHeaderBytes, longestGrpcMessage, type PrismError } from "../../protocol/index.js";
import { Call } from "./call.js";
import * as failures from "./call-failures.js";
import type { Method } from "./methods.js";

/** What may be put around a message; one that leaves no room for it could not be told by a gRPC header. */
const roomForEnvelope = 64 * 1024;

const nothing = Buffer.alloc(0);

/** A call that carries exactly one message, which is changed on its way. Its bytes are counted, never collected. */
export abstract class UnaryCall<M extends Method = Method> extends Call<M> {
  /** Bytes of the gRPC header that have come, where it comes in pieces. */
  #header: Buffer | undefined;
  #begun = false;
  /** Bytes of the message that have not come. */
  #left = 0;
  #complete = false;

  /** The whole message in one piece, behind its gRPC header. Called instead of the three below. */
  protected abstract wholeMessage(framed: Buffer, endStream: boolean): void;
  /** The message begins, so many bytes long. */
  protected abstract messageBegins(bytes: number): void;
  /** Some of the message. */
  protected abstract messageGoesOn(bytes: Buffer): void;
  /** The message is complete; `endStream` where nothing can follow. */
  protected abstract messageEnds(endStream: boolean): void;

  protected override fromClient(bytes: Buffer, endStream: boolean): void {
    if (this.#isWhole(bytes)) {
      this.#begun = this.#complete = true;
      this.wholeMessage(bytes, endStream);
      return;
    }
    const rest = this.#begun ? bytes : this.#readHeader(bytes);
    if (this.#begun && !this.ended) this.#goOn(rest, endStream);
    if (endStream && !this.ended) this.#checkComplete();
  }

  #isWhole(bytes: Buffer): boolean {
    if (this.#begun || this.#header !== undefined || bytes.length < grpcHeaderBytes) return false;
    const length = bytes.readUInt32BE(1);
    return length === bytes.length - grpcHeaderBytes && this.#refusalOf(bytes[0] ?? 0, length) === undefined;
  }

  /** Gathers the gRPC header; what lies behind it is returned. */
  #readHeader(bytes: Buffer): Buffer {
    const header = this.#header ? Buffer.concat([this.#header, bytes]) : bytes;
    if (header.length < grpcHeaderBytes) {
      this.#header = Buffer.from(header);
      return nothing;
    }
    const length = header.readUInt32BE(1);
    const refusal = this.#refusalOf(header[0] ?? 0, length);
    if (refusal) this.finishWith(refusal, "completed");
    else {
      this.#begun = true;
      this.#left = length;
      this.messageBegins(length);
    }
    return header.subarray(grpcHeaderBytes);
  }

  #goOn(bytes: Buffer, endStream: boolean): void {
    const isMore = bytes.length > this.#left;
    if (isMore) return this.finishWith(failures.secondMessage(), "completed");
    this.#left -= bytes.length;
    if (bytes.length > 0) this.messageGoesOn(bytes);
    if (this.#left > 0 || this.ended) return;
    if (!this.#complete) {
      this.#complete = true;
      this.messageEnds(endStream);
    } else if (endStream) this.toPlugin(nothing, true);
  }

  #checkComplete(): void {
    if (this.#complete) return;
    const isSilent = !this.#begun && (this.#header?.length ?? 0) === 0;
    this.finishWith(isSilent ? failures.noMessage() : failures.truncated(), "completed");
  }

  #refusalOf(flag: number, bytes: number): PrismError | undefined {
    if (flag !== 0) return failures.compressed();
    const most = this.surroundings.messageBytes || longestGrpcMessage - roomForEnvelope;
    return bytes > most ? failures.messageTooLarge(bytes, most) : undefined;
  }
}
