import { FieldScanner, grpcHeaderBytes, writeGrpcHeader } from "../../../protocol/index.js";
import { copyBytes } from "../../../wire/index.js";
import * as failures from "../common/message-failures.js";
import type { CallCount } from "../common/call-metrics.js";
import { UnaryCall } from "./unary-call.js";

/** Messages up to here are copied together with what is appended, so that they leave in one frame. */
const copiedBytes = 4096;

/**
 * prism.data.v1.Data/Execute: the client's ExecuteRequest passes as it is, and who calls is appended as metadata, which
 * overrides the client's own. Its fields are walked on the way, because a last field that claims more bytes than there
 * are would swallow what is appended.
 */
export class ExecuteCall extends UnaryCall {
  readonly #fields = new FieldScanner();

  writeData(out: Buffer, at: number): void {
    const { suffix } = this.plan;
    const bytes = this.wholeEnd - this.wholeStart;
    writeGrpcHeader(out, bytes + suffix.length, at);
    copyBytes(out, at + grpcHeaderBytes, this.whole, this.wholeStart, this.wholeEnd);
    suffix.write(out, at + grpcHeaderBytes + bytes);
  }

  protected override wholeMessage(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const from = start + grpcHeaderBytes;
    if (end - from > copiedBytes) {
      this.messageBegins(end - from);
      this.messageGoesOn(bytes.subarray(from, end));
      if (!this.ended) this.messageEnds(endStream);
      return;
    }
    const isWhole = this.#fields.push(bytes, from, end) && this.#fields.atBoundary;
    if (!isWhole) return this.finishWith(failures.notAnExecuteRequest(), "completed");
    this.sendWhole(bytes, from, end, grpcHeaderBytes + this.plan.suffix.length, endStream);
  }

  protected override messageBegins(bytes: number): void {
    const header = Buffer.allocUnsafe(grpcHeaderBytes);
    writeGrpcHeader(header, bytes + this.plan.suffix.length);
    this.toPlugin(header, false);
  }

  protected override messageGoesOn(bytes: Buffer): void {
    if (this.#fields.push(bytes, 0, bytes.length)) this.toPlugin(bytes, false);
    else this.finishWith(failures.notAnExecuteRequest(), "completed");
  }

  /** Before the suffix goes out the plugin has no whole message, so one that is refused here has not run. */
  protected override messageEnds(endStream: boolean): void {
    if (this.#fields.atBoundary) this.toPlugin(this.plan.suffix.toBuffer(), endStream);
    else this.finishWith(failures.notAnExecuteRequest(), "completed");
  }

  protected override get metrics(): CallCount {
    return this.plan.route.metricsOf(this.#fields.operation, this.surroundings.metrics);
  }
}
