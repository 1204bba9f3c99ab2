import { FieldScanner, grpcHeaderBytes } from "../../../protocol/index.js";
import { Call } from "./call.js";
import type { CallCount } from "../common/call-metrics.js";

/**
 * prism.data.v1.Data/ExecuteStream: messages pass as they are, both ways. The first one names the operation, by which the
 * call is counted; so it alone is looked at as it goes by, and where it is compressed or does not parse nothing is known.
 */
export class StreamCall extends Call {
  readonly #fields = new FieldScanner();
  #headerBytes = 0;
  #messageBytes = 0;
  #isKnown = false;

  protected override fromClient(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (!this.#isKnown) this.#look(bytes, start, end);
    super.fromClient(bytes, start, end, endStream);
  }

  protected override get metrics(): CallCount {
    return this.plan.route.metricsOf(this.#fields.operation, this.surroundings.metrics);
  }

  #look(bytes: Buffer, start: number, end: number): void {
    let at = start;
    for (; at < end && this.#headerBytes < grpcHeaderBytes; at++, this.#headerBytes++) {
      const byte = bytes[at] ?? 0;
      if (this.#headerBytes > 0) this.#messageBytes = this.#messageBytes * 0x100 + byte;
      else if (byte !== 0) this.#isKnown = true; // it is compressed
    }
    if (this.#isKnown || this.#headerBytes < grpcHeaderBytes) return;
    const stop = Math.min(end, at + this.#messageBytes);
    this.#messageBytes -= stop - at;
    this.#isKnown = !this.#fields.push(bytes, at, stop) || this.#messageBytes === 0;
  }
}
