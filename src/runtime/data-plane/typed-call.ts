import { Code, grpcHeaderBytes, writeGrpcHeader } from "../../protocol/index.js";
import type { HeaderList } from "../../wire/index.js";
import * as failures from "./call-failures.js";
import type { TypedEntry } from "./methods.js";
import { PartialReply, type ReplySink } from "./partial-reply.js";
import { answerHead, okTrailers } from "./refusal.js";
import type { Ending } from "./reply-headers.js";
import { UnaryCall } from "./unary-call.js";
import type { PrismError } from "../../protocol/index.js";

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

  protected override wholeMessage(framed: Buffer, endStream: boolean): void {
    const { suffix, method } = this.plan;
    const bytes = framed.length - grpcHeaderBytes;
    if (bytes > copiedBytes) {
      this.messageBegins(bytes);
      this.messageGoesOn(framed.subarray(grpcHeaderBytes));
      this.messageEnds(endStream);
      return;
    }
    const all = Buffer.allocUnsafe(method.wrapper.prefixBytes(bytes) + bytes + suffix.length);
    const at = method.wrapper.write(all, bytes, suffix.length);
    framed.copy(all, at, grpcHeaderBytes);
    suffix.copy(all, at + bytes);
    this.toPlugin(all, endStream);
  }

  protected override messageBegins(bytes: number): void {
    const { suffix, method } = this.plan;
    const prefix = Buffer.allocUnsafe(method.wrapper.prefixBytes(bytes));
    method.wrapper.write(prefix, bytes, suffix.length);
    this.toPlugin(prefix, false);
  }

  protected override messageGoesOn(bytes: Buffer): void {
    this.toPlugin(bytes, false);
  }

  protected override messageEnds(endStream: boolean): void {
    this.toPlugin(this.plan.suffix, endStream);
  }

  protected override replyBegins(): void {
    // The head waits for the result.
  }

  protected override fromPlugin(bytes: Buffer): void {
    if (this.#hasReply) this.onFault("answered with more than one message");
    else if (this.#partial) this.#partial.push(bytes);
    else if (this.#isWhole(bytes)) this.onWhole(bytes);
    else {
      const { reader, messageBytes } = this.surroundings;
      this.#partial = new PartialReply(this, { reader, typeName: this.plan.method.resultName, messageBytes });
      this.#partial.push(bytes);
    }
  }

  protected override replyEnds(_trailers: HeaderList, ending: Ending): void {
    if (ending.code !== Code.OK) this.finishWith(failures.channelFailed(this.plan, ending), "completed");
    else if (!this.#hasReply) this.onFault("ended its answer before its message was complete");
    else if (this.#failure) this.finishWith(this.#failure, "completed");
    else this.finish(okTrailers, Code.OK);
  }

  onWhole(framed: Buffer): void {
    this.#hasReply = true;
    const { reader } = this.surroundings;
    const { resultName, resultIsEmpty } = this.plan.method;
    if (reader.read(framed, grpcHeaderBytes, framed.length) !== "whole") {
      this.onFault("answered with bytes that are no prism.plugin.ExecuteResponse");
    } else if (!reader.success) {
      this.#failure = failures.operationFailed(this.plan, reader);
    } else if (reader.result === "typed" && reader.isA(resultName)) {
      this.#answer(framed, reader.valueStart, reader.valueEnd);
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
    this.finishWith(failures.messageTooLarge(bytes, limit), "failed");
  }

  /** Sends the result as a view; its header is written over the bytes before it, which have been read. */
  #answer(framed: Buffer, start: number, end: number): void {
    if (start === 0) return this.onValueBegins(0);
    writeGrpcHeader(framed, end - start, start - grpcHeaderBytes);
    this.toClientHead(answerHead);
    this.toClient(framed.subarray(start - grpcHeaderBytes, end));
  }

  #isWhole(bytes: Buffer): boolean {
    if (bytes.length < grpcHeaderBytes || bytes[0] !== 0) return false;
    const length = bytes.readUInt32BE(1);
    const most = this.surroundings.messageBytes || Infinity;
    return length === bytes.length - grpcHeaderBytes && length <= most;
  }
}
