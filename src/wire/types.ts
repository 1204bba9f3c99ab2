import type { HeaderList } from "./header-list.js";
import type { Refusal } from "./refusal.js";

/** One stream of an HTTP/2 connection, either role. Everything queues until the windows and the socket allow it. */
export interface Stream {
  readonly id: number;
  /** Who hears what arrives. May be replaced before the next event. */
  listener: StreamListener;
  /** True once nothing can be sent any more: END_STREAM sent, reset by either side, or the connection is gone. */
  readonly sendClosed: boolean;
  /** Bytes of DATA accepted by {@link sendData} that have not been handed to the socket yet. */
  readonly queuedBytes: number;
  /** Sends a header block: request or response headers, or trailers with `endStream`. */
  sendHeaders(headers: HeaderList, endStream: boolean): void;
  /**
   * Sends DATA. The bytes may be a view valid only during the current event: the wire copies small ones into its
   * batch and keeps large ones alive until they are written. Ignored when `sendClosed`.
   * Returns the bytes taken into the batch at once; the rest waits for window or socket and is told by `onDrain`.
   */
  sendData(bytes: Uint8Array, endStream: boolean): number;
  /** The same for what lies from `start` to `end`: no view has to be made of it. */
  sendRange(bytes: Uint8Array, start: number, end: number, endStream: boolean): number;
  /** Ends the stream with RST_STREAM. Ignored when it has ended. `onClose` follows. */
  reset(code: number): void;
  /**
   * Gives back receive window: so many bytes of DATA have been dealt with. Credited to the peer in batches. What has not
   * been credited when the stream closes is given back by itself, to the connection.
   */
  credit(bytes: number): void;
}

/** Writes the payload of a DATA frame where it goes. */
export interface DataWriter {
  /** Writes all of it at an offset of a buffer that has the room. Called within {@link ClientStream.sendWritten}. */
  writeData(out: Buffer, at: number): void;
}

/** A stream that we opened. */
export interface ClientStream extends Stream {
  /**
   * Sends so many bytes of DATA that `writer` writes straight into the batch. False where they cannot go at once, in one
   * frame: then nothing has been written, and {@link Stream.sendData} queues them.
   */
  sendWritten(bytes: number, writer: DataWriter, endStream: boolean): boolean;
}

/** A stream that a client opened, as its server has it. */
export interface ServerStream extends Stream {
  /** Work for this stream goes on even if it closes: it counts among the connection's streams until {@link release}. */
  hold(): void;
  /** Ends a {@link hold}. */
  release(): void;
}

/** Hears what arrives on a stream. Called synchronously while a read is parsed. Must not throw. */
export interface StreamListener {
  /** Response headers (client role; 1xx are passed over), or trailers (either role; then `endStream` is true). */
  onHeaders(stream: Stream, headers: HeaderList, endStream: boolean): void;
  /**
   * DATA. `bytes` is a view that is valid only until this call returns; pass it to {@link Stream.sendData}, or copy it.
   * `windowBytes` is what it took from the receive window (padding included): credit it when it has been dealt with.
   */
  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void;
  /**
   * Called instead of `onData` where it is there: the DATA lies from `start` to `end`. It spares a small call the making of
   * a view, 0.2 µs each way. Six parameters and no object: it runs for every frame.
   */
  onDataRange?(
    stream: Stream,
    bytes: Buffer,
    start: number,
    end: number,
    windowBytes: number,
    endStream: boolean,
  ): void;
  /** Queued DATA went out: so many bytes more, after `sendData` said that they had to wait. */
  onDrain(stream: Stream, bytes: number): void;
  /**
   * The stream is over; the last event, exactly once. `code` is NO_ERROR where both sides ended in order, or a server's
   * answer was complete before its request (`by: "end"`), else the RST_STREAM code sent or received, or CANCEL where the
   * connection went away (`by: "connection"`).
   */
  onClose(stream: Stream, code: number, by: ClosedBy): void;
}

/** What ended a stream: both END_STREAMs, the peer's reset, ours, or the connection's end. */
export type ClosedBy = "end" | "peer" | "local" | "connection";

/** One HTTP/2 connection. */
export interface Connection {
  /** Streams that are open or still being worked for. */
  readonly streams: number;
  readonly closed: boolean;
  /** Graceful: GOAWAY, no new streams, close when the last one ends. */
  shutdown(): void;
  /** At once: GOAWAY with the code, then the socket is destroyed; every stream hears `onClose`. */
  destroy(code?: number, reason?: string): void;
}

/** A connection in the client role. */
export interface ClientConnection extends Connection {
  /** Whether the peer's SETTINGS have come. Before, `canOpen` goes by what is usual, and the peer may refuse. */
  readonly settled: boolean;
  /** Whether `open` would work now: not closing, and below the peer's MAX_CONCURRENT_STREAMS. */
  readonly canOpen: boolean;
  /** Opens a stream with a request's headers. Throws when `canOpen` is false. */
  open(headers: HeaderList, endStream: boolean, listener: StreamListener): ClientStream;
}

/** Hears what a peer is refused. */
export interface RefusalListener {
  /**
   * The peer broke a rule or met a limit: it was refused a stream, or the connection with all of its streams. Called for
   * each, so whoever writes it down bounds that. `message` is for a log.
   */
  onRefused?(refusal: Refusal, message: string): void;
}

/** Hears of a server connection's new streams. */
export interface ServerListener extends RefusalListener {
  /** A request's headers have arrived and are well formed. Returns who hears the rest. Must not throw. */
  onRequest(stream: ServerStream, headers: HeaderList, endStream: boolean): StreamListener;
  /** The connection is gone, exactly once, after every stream's `onClose`. `reason` is empty for an orderly end. */
  onClose(reason: string): void;
}

/** Hears of a client connection's end. */
export interface ClientListener extends RefusalListener {
  /** The peer may take streams: its SETTINGS have come, or `canOpen` was false and is true again. */
  onAvailable(): void;
  /** The connection takes no new streams (GOAWAY or gone); streams that run may go on. At most once, before onClose. */
  onGoaway(reason: string): void;
  /** The connection is gone, exactly once, after every stream's `onClose`. */
  onClose(reason: string): void;
}
