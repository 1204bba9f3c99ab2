import type { Duplex } from "node:stream";
import { Http2Connection } from "./connection.js";
import { ConnectionError, ErrorCode } from "./error-code.js";
import { http2Preface } from "./frame.js";
import { HeaderList } from "./header-list.js";
import { malformed } from "./header-rules.js";
import { defaultLimits, type Limits } from "./limits.js";
import type { Connection, ServerListener, StreamListener } from "./types.js";

/** How a server connection begins. */
export interface ServeOptions {
  readonly limits?: Partial<Limits>;
  /** Bytes that were read from the socket already, to see what it speaks. */
  readonly head?: Buffer;
}

/** Serves HTTP/2 on a socket, which is the connection's from now on. */
export function serveHttp2(socket: Duplex, options: ServeOptions, listener: ServerListener): Connection {
  return new ServerConnection(socket, options, listener);
}

const tooLarge = new HeaderList([":status", "431"]);

/** Passes everything over: for streams that were refused before anyone could hear them. */
const deaf: StreamListener = { onHeaders: ignore, onData: ignore, onDrain: ignore, onClose: ignore };

class ServerConnection extends Http2Connection {
  protected readonly isClient = false;
  readonly #listener: ServerListener;
  #prefaceLeft = http2Preface;

  constructor(socket: Duplex, { limits, head }: ServeOptions, listener: ServerListener) {
    super(socket, { ...defaultLimits, ...limits });
    this.#listener = listener;
    this.begin(head);
  }

  protected override take(chunk: Buffer): void {
    if (this.#prefaceLeft.length === 0) return super.take(chunk);
    const compared = Math.min(chunk.length, this.#prefaceLeft.length);
    if (!this.#prefaceLeft.subarray(0, compared).equals(chunk.subarray(0, compared))) {
      return this.destroy(ErrorCode.PROTOCOL_ERROR, "not the preface of HTTP/2");
    }
    this.#prefaceLeft = this.#prefaceLeft.subarray(compared);
    if (chunk.length > compared) super.take(chunk.subarray(compared));
  }

  protected onBlock(id: number, headers: HeaderList | undefined, endStream: boolean): void {
    const stream = this.live.get(id);
    if (stream) return this.#onTrailers(id, headers, endStream);
    if (id % 2 === 0)
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a client's stream with an even id");
    if (id <= this.lastStream) {
      if (this.wasResetByUs(id)) return;
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream");
    }
    this.lastStream = id;
    if (this.goingAway || this.live.size >= this.limits.concurrentStreams)
      return this.refuse(id, ErrorCode.REFUSED_STREAM);
    if (headers === undefined) return this.#refuseLarge(id);
    if (malformed(headers, "request") !== undefined) return this.refuse(id, ErrorCode.PROTOCOL_ERROR);
    this.#request(id, headers, endStream);
  }

  protected onGoaway(): void {
    // The client opens no more; what runs goes on, and the connection ends with it.
    this.shutdown();
  }

  protected onGone(reason: string): void {
    this.#listener.onClose(reason);
  }

  protected onRoom(): void {
    // A server opens no streams.
  }

  #request(id: number, headers: HeaderList, endStream: boolean): void {
    const stream = this.makeStream(id, deaf);
    const length = headers.get("content-length");
    if (length !== undefined) {
      stream.contentLeft = /^\d{1,15}$/.test(length) ? Number(length) : 0;
      if (endStream && stream.contentLeft > 0) return this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    }
    if (endStream) stream.move("endReceived");
    stream.listener = this.#listener.onRequest(stream, headers, endStream);
    // Who refused within onRequest has closed the stream before it had a listener.
    if (stream.state === "closed") stream.listener.onClose(stream, ErrorCode.NO_ERROR, "end");
  }

  #onTrailers(id: number, headers: HeaderList | undefined, endStream: boolean): void {
    const stream = this.live.get(id);
    if (!stream) return;
    if (stream.state === "halfClosedRemote") {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM");
    }
    const broken =
      !endStream || stream.contentLeft > 0 || !headers || malformed(headers, "trailers") !== undefined;
    if (broken) return this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    stream.listener.onHeaders(stream, headers, true);
    stream.move("endReceived");
  }

  #refuseLarge(id: number): void {
    const stream = this.makeStream(id, deaf);
    stream.sendHeaders(tooLarge, true);
    this.fault(stream, ErrorCode.NO_ERROR);
  }
}

function ignore(): void {
  // Nobody listens.
}
