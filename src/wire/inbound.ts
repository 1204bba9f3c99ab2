import { checkSize, ConnectionError, overLimit, protocolError, windowOverflow } from "./connection-error.js";
import { ErrorCode } from "./error-code.js";
import { Flag, FrameType } from "./frame.js";
import type { FrameHead, FrameSink } from "./frame-reader.js";
import type { H2Stream } from "./h2-stream.js";
import { HeaderBlock } from "./header-block.js";
import { HpackDecoder } from "./hpack/decoder.js";
import type { Limits } from "./limits.js";
import type { Outbound } from "./outbound.js";
import type { Role } from "./role.js";
import { readSettings } from "./settings.js";
import type { StreamRules } from "./stream-rules.js";
import { mayReceive, StreamEvent } from "./stream-state.js";
import type { StreamTable } from "./stream-table.js";
import { TokenBucket } from "./token-bucket.js";
import { ReceiveWindow } from "./window.js";

/** What work earns back of the frames that carry none. */
const earnedByHeaders = 4;
const earnedByData = 1;
/** What a peer may say of a stream that we have ended meanwhile: its own end, and that it has read what we sent. */
const excusedByStream = 2;
/** A peer that has served millions of streams may not flood for it. */
const mostExcused = 16_384;

/** A connection, as its receiving half sees it. */
export interface Receiving {
  readonly role: Role;
  readonly live: StreamTable<H2Stream>;
  readonly outbound: Outbound;
  readonly rules: StreamRules;
  /** So many bytes of DATA have been passed over. */
  creditConnection(bytes: number): void;
  /** A PING of ours has been answered. */
  onPong(payload: Buffer): void;
}

/** The receiving half of a connection: what each frame means, and which of them break the rules. */
export class Inbound implements FrameSink {
  readonly block: HeaderBlock;
  readonly window: ReceiveWindow;
  /** The peer's first SETTINGS have come. */
  isShaken = false;
  /** The peer has acknowledged ours. */
  isAcknowledged = false;
  readonly #connection: Receiving;
  readonly #decoder: HpackDecoder;
  readonly #idleFrames: TokenBucket;
  /** Frames that carry no work and are not the peer's fault, beyond those that anyone may send. */
  #excused = 0;
  /** Whose DATA is being read; undefined where it is passed over. */
  #dataStream: H2Stream | undefined;

  constructor(connection: Receiving, limits: Limits) {
    this.#connection = connection;
    this.block = new HeaderBlock(limits.headerBytes);
    this.window = new ReceiveWindow(limits.connectionWindow);
    this.#decoder = new HpackDecoder(limits);
    this.#idleFrames = new TokenBucket(limits.idleFramesPerSecond, limits.idleFramesPerSecond);
  }

  /** SETTINGS come first; nothing comes between HEADERS and its CONTINUATIONs; who does not read is not answered for ever. */
  checkHead(type: number, stream: number): void {
    if (!this.isShaken && type !== FrameType.SETTINGS) throw protocolError("the first frame is not SETTINGS");
    const { stream: expected } = this.block;
    if (
      expected !== 0
        ? type !== FrameType.CONTINUATION || stream !== expected
        : type === FrameType.CONTINUATION
    ) {
      throw protocolError("a header block is interrupted, or goes on unasked");
    }
    if (this.#connection.outbound.isFlooded)
      throw overLimit("unread_answers", "too many answers wait for a peer that does not read");
  }

  /** A stream of ours was opened; see {@link mostExcused}. */
  excuse(): void {
    if (this.#excused < mostExcused) this.#excused += excusedByStream;
  }

  onDataHead(id: number, length: number): void {
    if (id === 0) throw protocolError("DATA on stream 0");
    if (!this.window.take(length)) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the connection's window");
    }
    this.#dataStream = this.#receiver(id, length);
  }

  onDataPart(bytes: Buffer, start: number, end: number, windowBytes: number, endStream: boolean): void {
    const stream = this.#dataStream;
    if (stream === undefined || !mayReceive(stream.state)) {
      this.#connection.creditConnection(windowBytes);
      if (endStream) this.#connection.rules.cameWhole();
      return;
    }
    if (end > start) this.#idleFrames.earn(earnedByData);
    else if (!endStream) this.#countIdle();
    if (stream.contentLength >= 0 && !isContentWithin(stream, end - start, endStream)) {
      this.#connection.creditConnection(windowBytes);
      this.#connection.rules.fault(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.owedBytes += windowBytes;
    if (endStream) stream.endsNow = true;
    const { listener } = stream;
    if (listener.onDataRange) listener.onDataRange(stream, bytes, start, end, windowBytes, endStream);
    else listener.onData(stream, bytes.subarray(start, end), windowBytes, endStream);
    if (!endStream) return;
    stream.endReceived();
    // A connection that is idle from now on would keep the call, and all that hangs on it.
    this.#dataStream = undefined;
  }

  onFrame({ type, flags, stream }: FrameHead, bytes: Buffer, start: number, end: number): void {
    switch (type) {
      case FrameType.HEADERS:
        this.#onHeaders(stream, flags, bytes, start, end);
        break;
      case FrameType.WINDOW_UPDATE:
        this.#onWindowUpdate(stream, bytes, start, end);
        break;
      case FrameType.RST_STREAM:
        this.#onReset(stream, bytes, start, end);
        break;
      case FrameType.CONTINUATION:
        this.#onContinuation(flags, bytes.subarray(start, end));
        break;
      case FrameType.SETTINGS:
        this.#onSettings(stream, flags, bytes.subarray(start, end));
        break;
      case FrameType.PING:
        this.#onPing(stream, flags, bytes.subarray(start, end));
        break;
      case FrameType.GOAWAY:
        this.#onGoaway(stream, bytes.subarray(start, end));
        break;
      case FrameType.PRIORITY:
        this.#onPriority(stream, bytes.subarray(start, end));
        break;
      case FrameType.PUSH_PROMISE:
        throw protocolError("PUSH_PROMISE is not allowed");
      default:
        this.#countIdle();
    }
  }

  /** Who takes the DATA of a stream; undefined where nobody does, and that is no fault, or was told. */
  #receiver(id: number, length: number): H2Stream | undefined {
    const connection = this.#connection;
    const stream = connection.live.get(id);
    if (!connection.rules.takes(StreamEvent.data, id, stream) || stream === undefined) return undefined;
    if (!connection.rules.mayHaveBody(stream)) {
      connection.rules.fault(stream, ErrorCode.PROTOCOL_ERROR);
    } else if (!stream.receiveWindow.take(length)) {
      connection.rules.fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
    } else return stream;
    return undefined;
  }

  // Five parameters and no object: it runs for every call, several times.
  #onHeaders(stream: number, flags: number, bytes: Buffer, start: number, end: number): void {
    if (stream === 0) throw protocolError("HEADERS on stream 0");
    this.#idleFrames.earn(earnedByHeaders);
    if ((flags & Flag.PADDED) !== 0) {
      const padding = bytes[start++] ?? 0;
      if (start + padding > end) throw protocolError("padding longer than its frame");
      end -= padding;
    }
    if ((flags & Flag.PRIORITY) !== 0) {
      if (start + 5 > end) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS too short");
      if ((bytes.readUInt32BE(start) & 0x7fffffff) === stream)
        throw protocolError("a stream that depends on itself");
      start += 5;
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) === 0) {
      this.block.begin(stream, endStream, bytes.subarray(start, end));
      return;
    }
    this.#connection.role.onBlock(stream, this.#decoder.decode(bytes, start, end), endStream);
  }

  #onContinuation(flags: number, fragment: Buffer): void {
    const { stream, endStream } = this.block;
    const block = this.block.go(fragment, (flags & Flag.END_HEADERS) !== 0);
    if (block === undefined) return;
    this.#connection.role.onBlock(stream, this.#decoder.decode(block, 0, block.length), endStream);
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    checkSize(end - start === 4, "WINDOW_UPDATE");
    const connection = this.#connection;
    this.#idleFrames.earn(connection.outbound.takeDataWork());
    this.#countIdle();
    const increment = bytes.readUInt32BE(start) & 0x7fffffff;
    if (id === 0) {
      if (increment === 0) throw protocolError("WINDOW_UPDATE of 0");
      if (!connection.outbound.window.grow(increment)) throw windowOverflow();
      connection.outbound.pump();
      return;
    }
    const stream = connection.live.get(id);
    if (!connection.rules.takes(StreamEvent.windowUpdate, id, stream) || stream === undefined) return;
    if (increment === 0) connection.rules.fault(stream, ErrorCode.PROTOCOL_ERROR);
    else if (!connection.outbound.grow(stream, increment))
      connection.rules.fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
    else if (stream.hasQueue) connection.outbound.pump();
  }

  #onReset(id: number, bytes: Buffer, start: number, end: number): void {
    checkSize(end - start === 4, "RST_STREAM");
    if (id === 0) throw protocolError("RST_STREAM on stream 0");
    const connection = this.#connection;
    const stream = connection.live.get(id);
    if (!connection.rules.takes(StreamEvent.resetReceived, id, stream) || stream === undefined)
      this.#countIdle();
    else connection.rules.onPeerReset(stream, bytes.readUInt32BE(start));
  }

  #onSettings(id: number, flags: number, payload: Buffer): void {
    const connection = this.#connection;
    if (id !== 0) throw protocolError("SETTINGS on a stream");
    if ((flags & Flag.ACK) !== 0) {
      if (!this.isShaken) throw protocolError("the first frame is an answer to SETTINGS");
      checkSize(payload.length === 0, "SETTINGS ACK");
      this.isAcknowledged = true;
      this.#countIdle();
      return;
    }
    this.#countIdle();
    const { outbound } = connection;
    const before = outbound.peer.initialWindowSize;
    readSettings(payload, outbound.peer, connection.role.side === "client" ? "server" : "client");
    const shift = outbound.peer.initialWindowSize - before;
    if (shift !== 0) {
      for (const stream of connection.live.values())
        if (!outbound.grow(stream, shift)) throw windowOverflow();
    }
    outbound.encoder.allow(outbound.peer.headerTableSize);
    outbound.settingsAck();
    this.isShaken = true;
    outbound.pump();
    connection.role.onRoom();
  }

  #onPing(id: number, flags: number, payload: Buffer): void {
    if (id !== 0) throw protocolError("PING on a stream");
    checkSize(payload.length === 8, "PING");
    if ((flags & Flag.ACK) !== 0) {
      this.#connection.onPong(payload);
      return;
    }
    this.#countIdle();
    this.#connection.outbound.ping(Flag.ACK, payload);
  }

  #onGoaway(id: number, payload: Buffer): void {
    if (id !== 0) throw protocolError("GOAWAY on a stream");
    checkSize(payload.length >= 8, "GOAWAY");
    this.#countIdle();
    const code = payload.readUInt32BE(4);
    // eslint-disable-next-line no-restricted-syntax -- for eyes
    const text = payload.toString("utf8", 8, 8 + 200);
    const reason = code === ErrorCode.NO_ERROR ? text : `GOAWAY with code ${code}${text && `: ${text}`}`;
    this.#connection.role.onGoaway(payload.readUInt32BE(0) & 0x7fffffff, reason);
  }

  #onPriority(id: number, payload: Buffer): void {
    if (id === 0) throw protocolError("PRIORITY on stream 0");
    this.#countIdle();
    const stream = this.#connection.live.get(id);
    if (payload.length !== 5) {
      if (stream === undefined) checkSize(false, "PRIORITY");
      else this.#connection.rules.fault(stream, ErrorCode.FRAME_SIZE_ERROR);
    } else if ((payload.readUInt32BE(0) & 0x7fffffff) === id) {
      if (stream === undefined) throw protocolError("a stream that depends on itself");
      this.#connection.rules.fault(stream, ErrorCode.PROTOCOL_ERROR);
    }
  }

  #countIdle(): void {
    if (this.#idleFrames.take()) return;
    if (this.#excused > 0) {
      this.#excused--;
      return;
    }
    throw overLimit("idle_frames_per_second", "too many frames that carry no work");
  }
}

/** Counts what came of an announced length; false where it is more, or the end comes before it is reached. */
function isContentWithin(stream: H2Stream, bytes: number, endStream: boolean): boolean {
  stream.contentBytes += bytes;
  const missing = stream.contentLength - stream.contentBytes;
  return endStream ? missing === 0 : missing >= 0;
}
