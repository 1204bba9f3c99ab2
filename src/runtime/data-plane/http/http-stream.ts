import type { PrismError } from "../../../protocol/index.js";
import { ErrorCode, type HeaderList, type Stream, type StreamListener } from "../../../wire/index.js";

/** What came of a call that was made for an HTTP/1.1 request. */
export interface CallResult {
  /** The answer's one message; empty where the call failed. */
  readonly message: Buffer;
  /** What carries `grpc-status`: the trailers, or the whole answer of a call that failed at once. */
  readonly trailers: HeaderList;
}

/** Who waits for a call's result. */
export interface ResultListener {
  onResult(result: CallResult): void;
  /** The result does not fit into memory, or the call broke off. */
  onFailure(error: PrismError): void;
}

/** Asks to hold so many bytes, with those the sum of the answer so far; the refusal where they are too many. */
export type Hold = (bytes: number, soFar: number) => PrismError | undefined;

/** Hears nothing: until the call has begun. */
const deaf: StreamListener = {
  onHeaders: () => undefined,
  onData: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

/**
 * A gRPC stream whose other end is not a client's HTTP/2 connection but we ourselves: one message goes in, and what comes
 * out is gathered. So a call over HTTP/1.1 takes the same path as any other.
 */
export class HttpStream implements Stream {
  readonly id = 0;
  readonly queuedBytes = 0;
  listener: StreamListener = deaf;
  sendClosed = false;
  readonly #result: ResultListener;
  readonly #hold: Hold;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(result: ResultListener, hold: Hold) {
    this.#result = result;
    this.#hold = hold;
  }

  /** The client has left: the call is cancelled. */
  abandon(): void {
    this.#close("peer");
  }

  sendHeaders(headers: HeaderList, endStream: boolean): void {
    if (this.sendClosed || !endStream) return;
    this.sendClosed = true;
    this.#result.onResult({ message: Buffer.concat(this.#chunks), trailers: headers });
  }

  sendData(bytes: Uint8Array): number {
    if (this.sendClosed) return bytes.length;
    this.#bytes += bytes.length;
    const refusal = this.#hold(bytes.length, this.#bytes);
    if (refusal) {
      this.#close("peer");
      this.#result.onFailure(refusal);
    } else this.#chunks.push(Buffer.from(bytes));
    return bytes.length;
  }

  reset(): void {
    this.#close("local");
  }

  credit(): void {
    // What was sent in was in memory already.
  }

  #close(by: "peer" | "local"): void {
    if (this.sendClosed) return;
    this.sendClosed = true;
    this.#chunks = [];
    this.listener.onClose(this, ErrorCode.CANCEL, by);
  }
}
