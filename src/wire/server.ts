import type { Duplex } from "node:stream";
import type { Backlog } from "./backlog.js";
import { Http2Connection } from "./connection.js";
import { ErrorCode } from "./error-code.js";
import { GrpcStatus } from "./grpc-status.js";
import type { H2Stream } from "./h2-stream.js";
import { HeaderList } from "./header-list.js";
import { factsOf } from "./header-rules.js";
import { type Limits, serverLimits } from "./limits.js";
import type { Refusal } from "./refusal.js";
import type { Role } from "./role.js";
import { StreamEvent } from "./stream-state.js";
import type { Connection, ServerListener, StreamListener } from "./types.js";

/** How a server connection begins. */
export interface ServeOptions {
  /** One object for many connections: each keeps it as it is. Absent = {@link serverLimits}. */
  readonly limits?: Limits;
  /** What bounds the bytes that wait to be sent, together with other connections. */
  readonly backlog?: Backlog;
  /** Bytes that were read from the socket already, to see what it speaks. */
  readonly head?: Buffer;
}

/** Serves HTTP/2 on a socket, which is the connection's from now on. The listener hears nothing before the next turn. */
export function serveHttp2(
  socket: Duplex,
  { limits = serverLimits, backlog, head }: ServeOptions,
  listener: ServerListener,
): Connection {
  const connection = new Http2Connection(socket, { limits, backlog }, (made) => new Server(made, listener));
  connection.begin(head);
  return connection;
}

/** For a client that speaks gRPC as much as for one that does not: which it is stood in the list. */
const tooLarge = new HeaderList([
  ":status",
  "431",
  "content-type",
  "application/grpc",
  "grpc-status",
  String(GrpcStatus.RESOURCE_EXHAUSTED),
  "grpc-message",
  "the headers are larger than header_bytes or header_fields allow",
]);

/** Nobody: whom a stream has that was refused before anyone could hear it. */
const nobody: StreamListener = { onHeaders: ignore, onData: ignore, onDrain: ignore, onClose: ignore };

class Server implements Role {
  readonly side = "server";
  readonly #connection: Http2Connection;
  readonly #listener: ServerListener;
  /** The last request that was sound: most are like the one before. */
  #like: HeaderList | undefined;

  constructor(connection: Http2Connection, listener: ServerListener) {
    this.#connection = connection;
    this.#listener = listener;
  }

  onBlock(id: number, headers: HeaderList | undefined, endStream: boolean): void {
    const connection = this.#connection;
    const stream = connection.live.get(id);
    if (!connection.rules.takes(StreamEvent.headers, id, stream)) return;
    if (stream === undefined) this.#onRequest(id, headers, endStream);
    else this.#onTrailers(stream, headers, endStream);
  }

  onGoaway(): void {
    // The client opens no more; what runs goes on, and the connection ends with it.
    this.#connection.endShutdown();
  }

  onRoom(): void {
    // A server opens no streams.
  }

  onRefused(refusal: Refusal, message: string): void {
    this.#listener.onRefused?.(refusal, message);
  }

  onGone(reason: string): void {
    this.#listener.onClose(reason);
  }

  #onRequest(id: number, headers: HeaderList | undefined, endStream: boolean): void {
    const connection = this.#connection;
    connection.lastStream = id;
    connection.rules.mayBegin();
    const isFull = connection.streams >= connection.limits.concurrentStreams;
    if (connection.goingAway || isFull) {
      if (isFull) this.onRefused("streams_per_connection", "more streams at once than are allowed");
      connection.rules.refuse(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    if (headers === undefined) {
      this.onRefused("header_bytes", "a header list that is larger than is taken");
      const refused = connection.makeStream(id, nobody);
      if (endStream) refused.endReceived();
      refused.sendHeaders(tooLarge, true);
      return;
    }
    const { fault, contentLength } = factsOf(headers, "request", this.#like);
    if (fault !== undefined || (endStream && contentLength > 0)) {
      this.onRefused("protocol_error", fault ?? "a request without the content that it announces");
      connection.rules.refuse(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    this.#like = headers;
    const stream = connection.makeStream(id, nobody);
    stream.contentLength = contentLength;
    if (endStream) stream.endReceived();
    stream.listener = this.#listener.onRequest(stream, headers, endStream);
    // Who answered all of it within onRequest has closed the stream before it had a listener.
    if (stream.isClosed) stream.listener.onClose(stream, stream.closeCode, stream.closedBy);
  }

  #onTrailers(stream: H2Stream, headers: HeaderList | undefined, endStream: boolean): void {
    const { rules } = this.#connection;
    if (headers === undefined) {
      // gRPC reads this code as RESOURCE_EXHAUSTED.
      return rules.fault(
        stream,
        ErrorCode.ENHANCE_YOUR_CALM,
        "trailers that are larger than header_bytes or header_fields allow",
      );
    }
    const isWhole = stream.contentLength < 0 || stream.contentBytes === stream.contentLength;
    const problem = endStream && isWhole ? factsOf(headers, "trailers").fault : "trailers before the end";
    if (problem !== undefined) return rules.fault(stream, ErrorCode.PROTOCOL_ERROR, problem);
    stream.endsNow = true;
    stream.listener.onHeaders(stream, headers, true);
    stream.endReceived();
  }
}

function ignore(): void {
  // Nobody listens.
}
