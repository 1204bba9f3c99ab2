import { grpcHeaderBytes, longestGrpcMessage, type PrismError } from "../../../protocol/index.js";
import { type DataWriter, readUint32 } from "../../../wire/index.js";
import { Call } from "./call.js";
import { Inflation, type InflationListener, mostInflatedBytes } from "./inflation.js";
import * as failures from "../common/message-failures.js";
import type { Method } from "../route/method.js";

/** What may be put around a message; one that leaves no room for it could not be told by a gRPC header. */
const roomForEnvelope = 64 * 1024;

/** The flag of a gRPC message that says that it is compressed. */
const compressedFlag = 1;

const nothing = Buffer.alloc(0);

/**
 * A call that carries exactly one message, which is changed on its way. Its bytes are counted, never collected, unless
 * they are compressed: then the message is inflated first.
 */
export abstract class UnaryCall<M extends Method = Method>
  extends Call<M>
  implements InflationListener, DataWriter
{
  /** Bytes of the gRPC header that have come, where it comes in pieces. */
  #header: Buffer | undefined;
  #begun = false;
  /** Bytes of the message that have not come. */
  #left = 0;
  #complete = false;
  /** Where the message is compressed. */
  #inflation: Inflation | undefined;
  /** The client has ended its stream behind a message that is being inflated. */
  #endsInflated = false;

  /** The message, while {@link sendWhole} sends it: where it lies. */
  protected whole: Buffer = nothing;
  protected wholeStart = 0;
  protected wholeEnd = 0;

  /** Writes what {@link sendWhole} sends. */
  abstract writeData(out: Buffer, at: number): void;
  /** The whole message in one piece, from its gRPC header at `start` to `end`. Called instead of the three below. */
  protected abstract wholeMessage(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** The message begins, so many bytes long. */
  protected abstract messageBegins(bytes: number): void;
  /** Some of the message. */
  protected abstract messageGoesOn(bytes: Buffer): void;
  /** The message is complete; `endStream` where nothing can follow. */
  protected abstract messageEnds(endStream: boolean): void;

  protected override fromClient(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#isWhole(bytes, start, end)) {
      this.#begun = this.#complete = true;
      this.wholeMessage(bytes, start, end, endStream);
      return;
    }
    const come = bytes.subarray(start, end);
    const rest = this.#begun ? come : this.#readHeader(come);
    if (this.#begun && !this.ended) this.#goOn(rest, endStream);
    if (endStream && !this.ended) this.#checkComplete();
  }

  onInflated(pieces: readonly Buffer[], bytes: number): void {
    this.messageBegins(bytes);
    for (const piece of pieces) if (!this.ended) this.messageGoesOn(piece);
    if (!this.ended) this.messageEnds(this.#endsInflated);
  }

  onTaken(bytes: number): void {
    this.delay(-bytes);
  }

  onNotInflated(error: PrismError): void {
    this.finishWith(error, "completed");
  }

  /**
   * Sends the message that lies from `start` to `end`, with so many bytes around it: written in place where they can go at
   * once, which spares a buffer and a copy.
   */
  protected sendWhole(
    bytes: Buffer,
    start: number,
    end: number,
    bytesAround: number,
    endStream: boolean,
  ): void {
    this.whole = bytes;
    this.wholeStart = start;
    this.wholeEnd = end;
    const size = end - start + bytesAround;
    if (!this.plugin?.sendWritten(size, this, endStream)) {
      const all = Buffer.allocUnsafe(size);
      this.writeData(all, 0);
      this.toPlugin(all, endStream);
    }
    this.whole = nothing;
  }

  protected override letGo(): void {
    this.#inflation?.destroy();
  }

  #isWhole(bytes: Buffer, start: number, end: number): boolean {
    if (this.#begun || this.#header !== undefined || end - start < grpcHeaderBytes) return false;
    const length = readUint32(bytes, start + 1);
    const isAll = bytes[start] === 0 && length === end - start - grpcHeaderBytes;
    return isAll && this.#refusalOf(0, length) === undefined;
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
    else this.#begin(header[0] ?? 0, length);
    return header.subarray(grpcHeaderBytes);
  }

  #begin(flag: number, bytes: number): void {
    this.#begun = true;
    this.#left = bytes;
    const { encoding } = this.plan;
    if (flag === 0 || !encoding) return this.messageBegins(bytes);
    const { messageBytes, inflating: budget, inflatingMs: withinMs, deadlines } = this.surroundings;
    this.#inflation = new Inflation(bytes, { encoding, messageBytes, budget, withinMs, deadlines }, this);
  }

  #goOn(bytes: Buffer, endStream: boolean): void {
    const isMore = bytes.length > this.#left;
    if (isMore) return this.finishWith(failures.secondMessage(), "completed");
    this.#left -= bytes.length;
    if (bytes.length > 0) this.#take(bytes);
    if (this.#left > 0 || this.ended) return;
    if (!this.#complete) {
      this.#complete = true;
      this.#endMessage(endStream);
    } else if (endStream) this.#endCall();
  }

  #take(bytes: Buffer): void {
    if (this.#inflation) this.delay(bytes.length - this.#inflation.push(bytes));
    else this.messageGoesOn(bytes);
  }

  #endMessage(endStream: boolean): void {
    if (!this.#inflation) return this.messageEnds(endStream);
    this.#endsInflated = endStream;
    this.#inflation.end();
  }

  #endCall(): void {
    if (this.#inflation?.isOver === false) this.#endsInflated = true;
    else this.toPlugin(nothing, true);
  }

  #checkComplete(): void {
    if (this.#complete) return;
    const isSilent = !this.#begun && (this.#header?.length ?? 0) === 0;
    this.finishWith(isSilent ? failures.noMessage() : failures.truncated(), "completed");
  }

  #refusalOf(flag: number, bytes: number): PrismError | undefined {
    const { messageBytes } = this.surroundings;
    if (flag === 0) {
      const most = messageBytes || longestGrpcMessage - roomForEnvelope;
      return bytes > most ? failures.messageTooLarge(bytes, most) : undefined;
    }
    if (flag !== compressedFlag || !this.plan.encoding) return failures.encodingNotTold();
    const most = messageBytes || mostInflatedBytes;
    return bytes > most ? failures.inflatesTooLarge(most) : undefined;
  }
}
