import type { Duplex } from "node:stream";
import { Http2Connection } from "./connection.js";
import { ConnectionError, ErrorCode } from "./error-code.js";
import { http2Preface } from "./frame.js";
import type { HeaderList } from "./header-list.js";
import { malformed } from "./header-rules.js";
import { defaultLimits, type Limits } from "./limits.js";
import type { ClientConnection, ClientListener, Stream, StreamListener } from "./types.js";

/** Ids end at 2^31−1; a connection that comes near is left for a new one. */
const lastUsableId = 2 ** 31 - 3;

/** Speaks HTTP/2 on a socket in the client role; the socket, which may still be connecting, is the connection's from now on. */
export function connectHttp2(
  socket: Duplex,
  options: { readonly limits?: Partial<Limits> },
  listener: ClientListener,
): ClientConnection {
  return new Client(socket, { ...defaultLimits, ...options.limits }, listener);
}

class Client extends Http2Connection implements ClientConnection {
  protected readonly isClient = true;
  readonly #listener: ClientListener;
  #nextId = 1;
  #full = false;

  constructor(socket: Duplex, limits: Limits, listener: ClientListener) {
    super(socket, limits);
    this.#listener = listener;
    this.outbox.frame(http2Preface);
    this.begin();
  }

  get canOpen(): boolean {
    const can =
      !this.goingAway && this.live.size < this.peer.maxConcurrentStreams && this.#nextId <= lastUsableId;
    if (!can) this.#full = true;
    return can;
  }

  open(headers: HeaderList, endStream: boolean, listener: StreamListener): Stream {
    if (!this.canOpen) throw new Error("the connection takes no more streams; ask canOpen first");
    const stream = this.makeStream(this.#nextId, listener);
    this.lastStream = this.#nextId;
    this.#nextId += 2;
    stream.sendHeaders(headers, endStream);
    return stream;
  }

  protected onBlock(id: number, headers: HeaderList | undefined, endStream: boolean): void {
    const stream = this.live.get(id);
    if (!stream) {
      if (id % 2 === 0 || id > this.lastStream)
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on an idle stream");
      return;
    }
    if (stream.state === "halfClosedRemote")
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM");
    if (!headers || malformed(headers, stream.headersSeen ? "trailers" : "response") !== undefined) {
      return this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    }
    if (stream.headersSeen && !endStream) return this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    if (!stream.headersSeen) {
      if ((headers.get(":status") ?? "").startsWith("1")) {
        if (endStream) this.fault(stream, ErrorCode.PROTOCOL_ERROR);
        return;
      }
      stream.headersSeen = true;
    }
    stream.listener.onHeaders(stream, headers, endStream);
    if (endStream) stream.move("endReceived");
  }

  protected onGoaway(last: number, _code: number, reason: string): void {
    // Streams above the last were not looked at: it is as if they had been refused.
    for (const stream of [...this.live.values()])
      if (stream.id > last) stream.close(ErrorCode.REFUSED_STREAM, "peer");
    if (this.goingAway) return;
    this.#listener.onGoaway(reason);
    this.shutdown();
  }

  protected onGone(reason: string): void {
    this.#listener.onClose(reason);
  }

  protected onRoom(): void {
    if (!this.#full || !this.canOpen) return;
    this.#full = false;
    this.#listener.onAvailable();
  }
}
