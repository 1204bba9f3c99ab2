import type { Duplex } from "node:stream";
import type { Backlog } from "./backlog.js";
import { Http2Connection } from "./connection.js";
import { ErrorCode } from "./error-code.js";
import type { H2Stream } from "./h2-stream.js";
import type { HeaderList } from "./header-list.js";
import { factsOf } from "./header-rules.js";
import { clientLimits, type Limits } from "./limits.js";
import type { Refusal } from "./refusal.js";
import type { Role } from "./role.js";
import { StreamEvent } from "./stream-state.js";
import type { ClientConnection, ClientListener, ClientStream, StreamListener } from "./types.js";

/** Ids end at 2^31 − 1; a connection that comes near is left for a new one. */
const lastUsableId = 2 ** 31 - 3;

/** How a client connection begins. */
export interface ConnectOptions {
  /** One object for many connections: each keeps it as it is. Absent = {@link clientLimits}. */
  readonly limits?: Limits;
  /** What bounds the bytes that wait to be sent, together with other connections. */
  readonly backlog?: Backlog;
}

/** Speaks HTTP/2 on a socket in the client role; the socket, which may still be connecting, is the connection's from now on. */
export function connectHttp2(
  socket: Duplex,
  { limits = clientLimits, backlog }: ConnectOptions,
  listener: ClientListener,
): ClientConnection {
  const client = new Client(socket, { limits, backlog }, listener);
  client.connection.begin();
  return client;
}

class Client implements Role, ClientConnection {
  readonly side = "client";
  readonly connection: Http2Connection;
  readonly #listener: ClientListener;
  #nextId = 1;
  /** Somebody has found that no stream can be opened now, and waits for `onAvailable`. */
  #isAwaited = false;
  #hasToldSettled = false;
  #hasToldGoaway = false;

  constructor(
    socket: Duplex,
    options: { readonly limits: Limits; readonly backlog: Backlog | undefined },
    listener: ClientListener,
  ) {
    this.#listener = listener;
    this.connection = new Http2Connection(socket, options, () => this);
  }

  get streams(): number {
    return this.connection.streams;
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  get settled(): boolean {
    return this.connection.isShaken;
  }

  get canOpen(): boolean {
    const can = this.#hasRoom;
    if (!can) this.#isAwaited = true;
    return can;
  }

  open(headers: HeaderList, endStream: boolean, listener: StreamListener): ClientStream {
    if (!this.canOpen) throw new Error("the connection takes no more streams; ask canOpen first");
    const { connection } = this;
    const stream = connection.makeStream(this.#nextId, listener);
    connection.lastStream = this.#nextId;
    this.#nextId += 2;
    connection.excuse();
    connection.outbound.open(stream, headers, endStream);
    return stream;
  }

  shutdown(): void {
    this.connection.shutdown();
  }

  destroy(code?: number, reason?: string): void {
    this.connection.destroy(code, reason);
  }

  onBlock(id: number, headers: HeaderList | undefined, endStream: boolean): void {
    const { connection } = this;
    const stream = connection.live.get(id);
    if (!connection.rules.takes(StreamEvent.headers, id, stream) || stream === undefined) return;
    if (headers === undefined) {
      this.onRefused("header_bytes", "a header list that is larger than is taken");
      stream.reset(ErrorCode.PROTOCOL_ERROR);
    } else if (stream.headersSeen) this.#onTrailers(stream, headers, endStream);
    else this.#onResponse(stream, headers, endStream);
  }

  onGoaway(lastStream: number, reason: string): void {
    const { connection } = this;
    connection.goingAway = true;
    if (!this.#hasToldGoaway) {
      this.#hasToldGoaway = true;
      this.#listener.onGoaway(reason);
    }
    // Streams above the last were not looked at: it is as if they had been refused, and safe to try elsewhere.
    for (const stream of connection.live.values()) {
      if (stream.id > lastStream) stream.close(ErrorCode.REFUSED_STREAM, "peer");
    }
    connection.endWhenIdle();
  }

  onRoom(): void {
    const isNew = this.settled && !this.#hasToldSettled;
    if ((!this.#isAwaited && !isNew) || !this.#hasRoom) return;
    this.#isAwaited = false;
    this.#hasToldSettled = this.settled;
    this.#listener.onAvailable();
  }

  onRefused(refusal: Refusal, message: string): void {
    this.#listener.onRefused?.(refusal, message);
  }

  onGone(reason: string): void {
    this.#listener.onClose(reason);
  }

  get #hasRoom(): boolean {
    const { goingAway, live, outbound, isStuffed } = this.connection;
    const isAllowed = live.size < outbound.peer.maxConcurrentStreams && this.#nextId <= lastUsableId;
    return isAllowed && !goingAway && !isStuffed;
  }

  #onResponse(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    const { fault, informational, contentLength } = factsOf(headers, "response");
    if (fault !== undefined || (informational && endStream)) {
      this.connection.rules.fault(
        stream,
        ErrorCode.PROTOCOL_ERROR,
        fault ?? "an answer that is not the final one ends",
      );
      return;
    }
    if (informational) return;
    stream.headersSeen = true;
    stream.contentLength = contentLength;
    this.#hand(stream, headers, endStream);
  }

  #onTrailers(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    const problem = endStream ? factsOf(headers, "trailers").fault : "trailers that do not end";
    if (problem !== undefined) return this.connection.rules.fault(stream, ErrorCode.PROTOCOL_ERROR, problem);
    this.#hand(stream, headers, true);
  }

  #hand(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    stream.listener.onHeaders(stream, headers, endStream);
    if (endStream) stream.endReceived();
  }
}
