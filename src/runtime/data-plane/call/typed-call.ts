import { Code, grpcHeaderBytes, writeGrpcHeader } from "../../../protocol/index.js";
import { copyBytes, type HeaderList, readUint32 } from "../../../wire/index.js";
import * as failures from "./call-failures.js";
import { messageTooLarge } from "../common/message-failures.js";
import type { TypedEntry } from "../route/method.js";
import { PartialReply, type ReplySink } from "./partial-reply.js";
import { answerHead, okTrailers } from "../common/refusal.js";
import type { Ending } from "./reply-headers.js";
import { UnaryCall } from "./unary-call.js";
import type { PrismError } from "../../../protocol/index.js";

/** Messages up to here are copied together with what goes around them, so that they leave in one frame. */
const copiedBytes = 4096;

const emptyMessage = Buffer.alloc(grpcHeaderBytes);

/**
 * A method of a typed service. The request is wrapped into an ExecuteRequest by what is written before and behind it,
 * and the result is unwrapped as a view. The answer's head waits until the result is known, so that a failure is told
 * by trailers alone.
 */
export class TypedCall extends UnaryCall<TypedEntry> implements ReplySink {
  #partial: PartialReply | undefined;
  #hasReply = false;
  /** The operation ran and failed; told when the plugin's call has ended. */
  #failure: PrismError | undefined;

  writeData(out: Buffer, at: number): void {
    const { suffix, method } = this.plan;
    const bytes = this.wholeEnd - this.wholeStart;
    const behindPrefix = method.wrapper.write(out, at, bytes, suffix.length);
    copyBytes(out, behindPrefix, this.whole, this.wholeStart, this.wholeEnd);
    suffix.write(out, behindPrefix + bytes);
  }

  protected override wholeMessage(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { suffix, method } = this.plan;
    const from = start + grpcHeaderBytes;
    const requestBytes = end - from;
    if (requestBytes > copiedBytes) {
      this.messageBegins(requestBytes);
      this.messageGoesOn(bytes.subarray(from, end));
      this.messageEnds(endStream);
      return;
    }
    this.sendWhole(bytes, from, end, method.wrapper.prefixBytes(requestBytes) + suffix.length, endStream);
  }

  protected override messageBegins(bytes: number): void {
    const { suffix, method } = this.plan;
    const prefix = Buffer.allocUnsafe(method.wrapper.prefixBytes(bytes));
    method.wrapper.write(prefix, 0, bytes, suffix.length);
    this.toPlugin(prefix, false);
  }

  protected override messageGoesOn(bytes: Buffer): void {
    this.toPlugin(bytes, false);
  }

  protected override messageEnds(endStream: boolean): void {
    this.toPlugin(this.plan.suffix.toBuffer(), endStream);
  }

  protected override replyBegins(): void {
    // The head waits for the result.
  }

  protected override fromPlugin(bytes: Buffer, start: number, end: number): void {
    if (this.#hasReply) this.onFault("answered with more than one message");
    else if (this.#partial) this.#partial.push(bytes.subarray(start, end));
    else if (this.#isWhole(bytes, start, end)) this.onWhole(bytes, start, end);
    else {
      const { reader, messageBytes } = this.surroundings;
      this.#partial = new PartialReply(this, { reader, typeName: this.plan.method.resultName, messageBytes });
      this.#partial.push(bytes.subarray(start, end));
    }
  }

  protected override replyEnds(_trailers: HeaderList, ending: Ending): void {
    if (ending.code !== Code.OK) this.finishWith(failures.channelFailed(this.plan, ending), "completed");
    else if (!this.#hasReply) this.onFault("ended its answer before its message was complete");
    else if (this.#failure) this.finishWith(this.#failure, "completed");
    else this.finish(okTrailers, Code.OK);
  }

  onWhole(bytes: Buffer, start: number, end: number): void {
    this.#hasReply = true;
    const { reader } = this.surroundings;
    const { resultName, resultIsEmpty } = this.plan.method;
    if (reader.read(bytes, start + grpcHeaderBytes, end) !== "whole") {
      this.onFault("answered with bytes that are no prism.plugin.ExecuteResponse");
    } else if (!reader.success) {
      this.#failure = failures.operationFailed(this.plan, reader);
    } else if (reader.result === "typed" && reader.isA(resultName)) {
      this.#answer(bytes, reader.valueStart, reader.valueEnd);
    } else if (reader.result === "none" && resultIsEmpty) {
      this.onValueBegins(0);
    } else this.onFault(`answered without a ${resultName.toString()} as typed_result`);
  }

  onValueBegins(bytes: number): void {
    const header = bytes === 0 ? emptyMessage : Buffer.allocUnsafe(grpcHeaderBytes);
    writeGrpcHeader(header, bytes);
    this.toClientHead(answerHead);
    this.toClient(header);
  }

  onValueBytes(bytes: Buffer): void {
    this.toClient(bytes);
  }

  onReplyEnd(): void {
    this.#hasReply = true;
  }

  onFault(did: string): void {
    this.finishWith(failures.pluginFault(this.plan, did), "failed");
  }

  onTooLarge(bytes: number, limit: number): void {
    this.finishWith(messageTooLarge(bytes, limit), "failed");
  }

  /** Sends the result as it lies there; its header is written over the bytes before it, which have been read. */
  #answer(bytes: Buffer, start: number, end: number): void {
    if (start === 0) return this.onValueBegins(0);
    writeGrpcHeader(bytes, end - start, start - grpcHeaderBytes);
    this.toClientHead(answerHead);
    this.toClient(bytes, start - grpcHeaderBytes, end);
  }

  #isWhole(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < grpcHeaderBytes || bytes[start] !== 0) return false;
    const length = readUint32(bytes, start + 1);
    const most = this.surroundings.messageBytes || Infinity;
    return length === end - start - grpcHeaderBytes && length <= most;
  }
}
