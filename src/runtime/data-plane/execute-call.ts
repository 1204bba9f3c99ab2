import { FieldScanner, grpcHeaderBytes, writeGrpcHeader } from "../../protocol/index.js";
import * as failures from "./call-failures.js";
import type { OperationMetrics } from "./call-metrics.js";
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

  protected override wholeMessage(framed: Buffer, endStream: boolean): void {
    if (framed.length > copiedBytes) {
      this.messageBegins(framed.length - grpcHeaderBytes);
      this.messageGoesOn(framed.subarray(grpcHeaderBytes));
      if (!this.ended) this.messageEnds(endStream);
      return;
    }
    const isWhole = this.#fields.push(framed, grpcHeaderBytes, framed.length) && this.#fields.atBoundary;
    if (!isWhole) return this.finishWith(failures.notAnExecuteRequest(), "completed");
    const { suffix } = this.plan;
    const all = Buffer.allocUnsafe(framed.length + suffix.length);
    framed.copy(all);
    suffix.copy(all, framed.length);
    writeGrpcHeader(all, all.length - grpcHeaderBytes);
    this.toPlugin(all, endStream);
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
    if (this.#fields.atBoundary) this.toPlugin(this.plan.suffix, endStream);
    else this.finishWith(failures.notAnExecuteRequest(), "completed");
  }

  protected override get metrics(): OperationMetrics {
    const { permit, route } = this.plan;
    return this.surroundings.metrics.of(permit.namespace, route.labelOf(this.#fields.operation));
  }
}
