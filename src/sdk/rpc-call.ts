import { PrismError, TimeLimit } from "../protocol/index.js";
import { type ClosedBy, frameMessage, type Stream, type StreamListener } from "../wire/index.js";
import { refuse, reply } from "./reply.js";
import { SingleMessage } from "./single-message.js";

const nothing = Buffer.alloc(0);

/** Answers the request's bytes with the response's. */
export type Rpc = (message: Buffer, signal: AbortSignal) => Promise<Uint8Array>;

/** One call of the plugin's life cycle: a whole message in, a whole message out. */
export class RpcCall implements StreamListener {
  readonly #serve: Rpc;
  readonly #parts: SingleMessage;
  readonly #limit: TimeLimit;

  /** `timeoutMs` is how long the caller waits, undefined = it did not say. */
  constructor(serve: Rpc, { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number | undefined }) {
    this.#serve = serve;
    this.#parts = new SingleMessage(maxBytes);
    this.#limit = new TimeLimit(timeoutMs ?? Infinity);
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    stream.credit(windowBytes);
    if (stream.sendClosed) return;
    try {
      this.#parts.add(bytes);
      if (endStream) void this.#answer(stream, this.#parts.take());
    } catch (reason) {
      refuse(stream, PrismError.from(reason));
    }
  }

  onHeaders(stream: Stream, _trailers: unknown, endStream: boolean): void {
    if (endStream) this.onData(stream, nothing, 0, true);
  }

  onDrain(): void {}

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    if (by === "end") this.#limit.end();
    else this.#limit.abort(new PrismError("cancelled", "the caller has left"));
  }

  async #answer(stream: Stream, message: Buffer): Promise<void> {
    try {
      const answer = frameMessage(await this.#serve(message, this.#limit.signal));
      if (!stream.sendClosed) reply(stream, answer);
    } catch (reason) {
      refuse(stream, PrismError.from(reason));
    }
  }
}
