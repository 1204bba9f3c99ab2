import { PrismError } from "../protocol/index.js";
import type { ClosedBy, Stream, StreamListener } from "../wire/index.js";
import { frame } from "./answer.js";
import { checkSingleFrame, MessageCollector } from "./message-collector.js";
import { refuse, reply } from "./reply.js";

const frameBytes = 5;
const nothing = Buffer.alloc(0);

/** One call of the plugin's life cycle: a whole message in, a whole message out. */
export class RpcCall implements StreamListener {
  readonly #serve: (message: Buffer, signal: AbortSignal) => Promise<Uint8Array>;
  readonly #collector: MessageCollector;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;

  /** `timeoutMs` is how long the caller waits, undefined = it did not say. */
  constructor(
    serve: (message: Buffer, signal: AbortSignal) => Promise<Uint8Array>,
    { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number | undefined },
  ) {
    this.#serve = serve;
    this.#collector = new MessageCollector(maxBytes);
    const { signal } = this.#controller;
    this.#signal =
      timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    stream.credit(windowBytes);
    if (stream.sendClosed) return;
    try {
      this.#collector.add(bytes);
      if (!endStream) return;
      const framed = this.#collector.take();
      checkSingleFrame(framed);
      void this.#answer(stream, framed.subarray(frameBytes));
    } catch (reason) {
      refuse(stream, PrismError.from(reason));
    }
  }

  onHeaders(stream: Stream, _trailers: unknown, endStream: boolean): void {
    if (endStream) this.onData(stream, nothing, 0, true);
  }

  onDrain(): void {}

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    if (by !== "end") this.#controller.abort(new PrismError("cancelled", "the caller has left"));
  }

  async #answer(stream: Stream, message: Buffer): Promise<void> {
    try {
      const answer = frame(await this.#serve(message, this.#signal));
      if (!stream.sendClosed) reply(stream, answer);
    } catch (reason) {
      refuse(stream, PrismError.from(reason));
    }
  }
}
