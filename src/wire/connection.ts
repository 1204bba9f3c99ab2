import type { Duplex } from "node:stream";
import { ConnectionError, ErrorCode } from "./error-code.js";
import {
  defaultWindow,
  Flag,
  FrameType,
  goawayFrame,
  largestWindow,
  numberFrame,
  payloadFrame,
} from "./frame.js";
import { FrameReader, type FrameSink, unpadded } from "./frame-reader.js";
import { H2Stream, type StreamOwner } from "./h2-stream.js";
import { HeaderBlock } from "./header-block.js";
import type { HeaderList } from "./header-list.js";
import { HpackDecoder } from "./hpack/decoder.js";
import { HpackEncoder } from "./hpack/encoder.js";
import type { Limits } from "./limits.js";
import { Outbox } from "./outbox.js";
import { initialPeerSettings, readSettings, settingsFrame } from "./settings.js";
import type { Connection, StreamListener } from "./types.js";
import { WorkMeter } from "./work-meter.js";

/** Streams that we have reset lately: what the peer sent before it knew is passed over, not punished. */
const rememberedResets = 256;

/** What both roles of a connection share: frames in, frames out, windows, settings, the end. */
export abstract class Http2Connection implements Connection, FrameSink, StreamOwner {
  protected readonly limits: Limits;
  protected readonly socket: Duplex;
  protected readonly live = new Map<number, H2Stream>();
  protected readonly peer = initialPeerSettings();
  protected readonly outbox: Outbox;
  /** The highest id that the peer opened (server role), or that we did (client role). */
  protected lastStream = 0;
  /** No new streams: we have said or heard GOAWAY. */
  protected goingAway = false;
  closed = false;
  readonly #reader: FrameReader;
  readonly #decoder: HpackDecoder;
  readonly #encoder = new HpackEncoder();
  readonly #block: HeaderBlock;
  readonly #turns = new Set<H2Stream>();
  readonly #resetByUs = new Set<number>();
  readonly #resets: WorkMeter;
  readonly #idleFrames: WorkMeter;
  readonly #handshake: NodeJS.Timeout;
  #sendWindow = defaultWindow;
  #receiveWindow: number;
  #uncredited = 0;
  #settingsSeen = false;
  #pumping = false;

  constructor(socket: Duplex, limits: Limits) {
    this.socket = socket;
    this.limits = limits;
    this.outbox = new Outbox(socket);
    this.#reader = new FrameReader(this);
    this.#decoder = new HpackDecoder(limits);
    this.#block = new HeaderBlock(limits.headerBytes);
    this.#resets = new WorkMeter(limits.resetBurst, limits.resetsPerSecond);
    this.#idleFrames = new WorkMeter(limits.idleFramesPerSecond, limits.idleFramesPerSecond);
    this.#receiveWindow = limits.connectionWindow;
    this.#handshake = setTimeout(
      () => this.destroy(ErrorCode.SETTINGS_TIMEOUT, "no SETTINGS in time"),
      limits.handshakeMs,
    );
    this.#handshake.unref();
  }

  get streams(): number {
    return this.live.size;
  }

  /** A whole header block for a stream. */
  protected abstract onBlock(id: number, headers: HeaderList | undefined, endStream: boolean): void;
  /** The peer takes no new streams; those above `last` were not looked at. */
  protected abstract onGoaway(last: number, code: number, reason: string): void;
  /** The connection is gone and every stream has heard it. */
  protected abstract onGone(reason: string): void;
  /** In the client role nobody else opens streams, and the peer is a server. */
  protected abstract readonly isClient: boolean;
  /** SETTINGS have arrived, or a stream has ended: there may be room for more. */
  protected abstract onRoom(): void;

  /** Sends our first words and begins to read. */
  protected begin(head?: Buffer): void {
    const { concurrentStreams, streamWindow, headerBytes, connectionWindow } = this.limits;
    this.outbox.frame(
      settingsFrame({ streams: concurrentStreams, window: streamWindow, headerBytes, client: this.isClient }),
    );
    this.outbox.frame(numberFrame(FrameType.WINDOW_UPDATE, 0, connectionWindow - defaultWindow));
    this.socket.on("drain", () => this.#pump());
    this.socket.on("error", (error: Error) => this.#gone(error.message));
    this.socket.on("end", () => this.#gone(""));
    this.socket.on("close", () => this.#gone(""));
    if (head?.length) this.take(head);
    this.socket.on("data", (chunk: Buffer) => this.take(chunk));
  }

  /** Reads a chunk; a fault of the peer ends the connection. */
  protected take(chunk: Buffer): void {
    if (this.closed) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.destroy(error.code, error.message);
    }
  }

  shutdown(): void {
    if (this.closed || this.goingAway) return;
    this.goingAway = true;
    this.outbox.frame(goawayFrame(this.lastStream, ErrorCode.NO_ERROR, ""));
    this.#endWhenIdle();
  }

  destroy(code: number = ErrorCode.NO_ERROR, reason = ""): void {
    if (this.closed) return;
    this.outbox.frame(goawayFrame(this.lastStream, code, reason));
    this.outbox.flush();
    this.socket.end(() => this.socket.destroy());
    this.#gone(reason);
  }

  onDataPart(id: number, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.#checkOrder(FrameType.DATA, id);
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0");
    this.#receiveWindow -= windowBytes;
    if (this.#receiveWindow < 0)
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the connection's window");
    if (windowBytes === 0 && !endStream) this.#countIdle();
    const stream = this.live.get(id);
    if (!stream || stream.state === "halfClosedRemote") {
      this.#creditConnection(windowBytes);
      this.#notOpen(id, stream);
      return;
    }
    stream.receiveWindow -= windowBytes;
    if (stream.receiveWindow < 0) {
      this.#creditConnection(windowBytes);
      this.fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
      return;
    }
    if (stream.contentLeft >= 0 && !this.#contentFits(stream, bytes.length, endStream)) {
      this.#creditConnection(windowBytes);
      return;
    }
    stream.owed += windowBytes;
    stream.listener.onData(stream, bytes, windowBytes, endStream);
    if (endStream) stream.move("endReceived");
  }

  onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    this.#checkOrder(type, id);
    switch (type) {
      case FrameType.HEADERS:
        return this.#onHeaders(flags, id, payload);
      case FrameType.CONTINUATION:
        return this.#onContinuation(flags, payload);
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(id, payload);
      case FrameType.RST_STREAM:
        return this.#onReset(id, payload);
      case FrameType.SETTINGS:
        return this.#onSettings(flags, id, payload);
      case FrameType.PING:
        return this.#onPing(flags, id, payload);
      case FrameType.GOAWAY:
        if (id !== 0 || payload.length < 8)
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a broken GOAWAY");
        return this.onGoaway(
          payload.readUInt32BE(0) & 0x7fffffff,
          payload.readUInt32BE(4),
          payload.toString("latin1", 8),
        );
      case FrameType.PRIORITY:
        return this.#onPriority(id, payload);
      case FrameType.PUSH_PROMISE:
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE is not allowed");
    }
  }

  writeHeaders(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    const block = this.#encoder.encode(headers);
    const end = endStream ? Flag.END_STREAM : 0;
    const most = this.peer.maxFrameSize;
    if (block.length <= most) {
      this.outbox.payload(FrameType.HEADERS, end | Flag.END_HEADERS, stream.id, block);
      return;
    }
    this.outbox.payload(FrameType.HEADERS, end, stream.id, Buffer.from(block.subarray(0, most)));
    for (let at = most; at < block.length; at += most) {
      const last = at + most >= block.length ? Flag.END_HEADERS : 0;
      this.outbox.payload(
        FrameType.CONTINUATION,
        last,
        stream.id,
        Buffer.from(block.subarray(at, at + most)),
      );
    }
  }

  writeData(stream: H2Stream, bytes: Uint8Array, endStream: boolean): number {
    if (bytes.length === 0) {
      if (endStream) this.outbox.data(stream.id, bytes, Flag.END_STREAM);
      return 0;
    }
    const most = this.outbox.blocked ? 0 : Math.min(this.#sendWindow, stream.sendWindow, bytes.length);
    if (most <= 0) return 0;
    for (let at = 0; at < most; at += this.peer.maxFrameSize) {
      const to = Math.min(most, at + this.peer.maxFrameSize);
      const flags = endStream && to === bytes.length ? Flag.END_STREAM : 0;
      this.outbox.data(stream.id, at === 0 && to === bytes.length ? bytes : bytes.subarray(at, to), flags);
    }
    this.#sendWindow -= most;
    stream.sendWindow -= most;
    return most;
  }

  writeReset(stream: H2Stream, code: number): void {
    if (this.#resetByUs.size >= rememberedResets) this.#resetByUs.clear();
    this.#resetByUs.add(stream.id);
    this.outbox.frame(numberFrame(FrameType.RST_STREAM, stream.id, code));
  }

  wantsTurn(stream: H2Stream): void {
    this.#turns.add(stream);
  }

  creditStream(stream: H2Stream, bytes: number): void {
    if (this.closed) return;
    this.#creditConnection(bytes);
    if (stream.state === "closed" || stream.state === "halfClosedRemote") return;
    stream.uncredited += bytes;
    if (stream.uncredited * 2 < this.limits.streamWindow) return;
    stream.receiveWindow += stream.uncredited;
    this.outbox.frame(numberFrame(FrameType.WINDOW_UPDATE, stream.id, stream.uncredited));
    stream.uncredited = 0;
  }

  forget(stream: H2Stream): void {
    this.live.delete(stream.id);
    this.#turns.delete(stream);
    // What nobody will deal with any more still counts in the connection's window.
    if (stream.owed > 0) this.#creditConnection(stream.owed);
    stream.owed = 0;
    this.#endWhenIdle();
    if (!this.closed) this.onRoom();
  }

  /** Ends a stream for a fault of the peer; such resets are counted (CVE-2025-8671). */
  protected fault(stream: H2Stream, code: number): void {
    this.#countReset();
    stream.reset(code);
  }

  /** Makes a stream with the windows that hold now. */
  protected makeStream(id: number, listener: StreamListener): H2Stream {
    const stream = new H2Stream(id, this, listener, {
      send: this.peer.initialWindowSize,
      receive: this.limits.streamWindow,
    });
    this.live.set(id, stream);
    return stream;
  }

  /** Refuses a stream that has not been made. */
  protected refuse(id: number, code: number): void {
    this.#countReset();
    if (this.#resetByUs.size >= rememberedResets) this.#resetByUs.clear();
    this.#resetByUs.add(id);
    this.outbox.frame(numberFrame(FrameType.RST_STREAM, id, code));
  }

  /** Whether we reset this stream lately, so that what still comes for it is passed over. */
  protected wasResetByUs(id: number): boolean {
    return this.#resetByUs.has(id);
  }

  #onHeaders(flags: number, id: number, payload: Buffer): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0");
    let fragment = unpadded(payload, flags);
    if ((flags & Flag.PRIORITY) !== 0) {
      if (fragment.length < 5) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS too short");
      if ((fragment.readUInt32BE(0) & 0x7fffffff) === id)
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself");
      fragment = fragment.subarray(5);
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) === 0) return this.#block.begin(id, endStream, fragment);
    this.onBlock(id, this.#decoder.decode(fragment), endStream);
  }

  #onContinuation(flags: number, payload: Buffer): void {
    const id = this.#block.stream;
    const block = this.#block.go(payload, (flags & Flag.END_HEADERS) !== 0);
    if (block) this.onBlock(id, this.#decoder.decode(block), this.#block.endStream);
  }

  #onWindowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of a wrong length");
    const increment = payload.readUInt32BE(0) & 0x7fffffff;
    if (id === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
      this.#sendWindow += increment;
      if (this.#sendWindow > largestWindow)
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "the window overflows");
      return this.#pump();
    }
    const stream = this.live.get(id);
    if (!stream) return this.#checkNotIdle(id);
    if (increment === 0) return this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    stream.sendWindow += increment;
    if (stream.sendWindow > largestWindow) return this.fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
    if (stream.queuedBytes > 0) this.#pump();
  }

  #onReset(id: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of a wrong length");
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on stream 0");
    const stream = this.live.get(id);
    if (!stream) return this.#checkNotIdle(id);
    const code = payload.readUInt32BE(0);
    stream.close(code, "peer");
    // A server's NO_ERROR after an early answer is no sign of attack; a client's resets of running streams are counted.
    if (code !== ErrorCode.NO_ERROR) this.#countReset();
  }

  #onSettings(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream");
    if ((flags & Flag.ACK) !== 0) {
      if (payload.length > 0) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "an ACK with payload");
      return;
    }
    this.#countIdle();
    const before = this.peer.initialWindowSize;
    readSettings(payload, this.peer, this.isClient);
    const shift = this.peer.initialWindowSize - before;
    for (const stream of this.live.values()) {
      stream.sendWindow += shift;
      if (stream.sendWindow > largestWindow)
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a window overflows");
    }
    this.#encoder.allow(this.peer.headerTableSize);
    this.outbox.frame(payloadFrame(FrameType.SETTINGS, Flag.ACK, payload.subarray(0, 0)));
    this.#settingsSeen = true;
    clearTimeout(this.#handshake);
    if (shift > 0) this.#pump();
    this.onRoom();
  }

  #onPing(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PING on a stream");
    if (payload.length !== 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "PING of a wrong length");
    if ((flags & Flag.ACK) !== 0) return;
    this.#countIdle();
    this.outbox.frame(payloadFrame(FrameType.PING, Flag.ACK, payload));
  }

  #onPriority(id: number, payload: Buffer): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0");
    this.#countIdle();
    const stream = this.live.get(id);
    if (payload.length !== 5) {
      if (stream) this.fault(stream, ErrorCode.FRAME_SIZE_ERROR);
      else this.refuse(id, ErrorCode.FRAME_SIZE_ERROR);
      return;
    }
    if ((payload.readUInt32BE(0) & 0x7fffffff) !== id) return;
    if (stream) this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    else this.refuse(id, ErrorCode.PROTOCOL_ERROR);
  }

  /** The first frame is SETTINGS; nothing comes between HEADERS and its CONTINUATIONs. */
  #checkOrder(type: number, id: number): void {
    if (!this.#settingsSeen && type !== FrameType.SETTINGS) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS");
    }
    const gathering = this.#block.stream !== 0;
    const goesOn = type === FrameType.CONTINUATION && id === this.#block.stream;
    if (gathering !== goesOn && (gathering || type === FrameType.CONTINUATION)) {
      throw new ConnectionError(
        ErrorCode.PROTOCOL_ERROR,
        "a header block is interrupted, or goes on unasked",
      );
    }
  }

  #contentFits(stream: H2Stream, bytes: number, endStream: boolean): boolean {
    stream.contentLeft -= bytes;
    if (stream.contentLeft >= 0 && !(endStream && stream.contentLeft > 0)) return true;
    this.fault(stream, ErrorCode.PROTOCOL_ERROR);
    return false;
  }

  /** DATA for a stream that takes none. */
  #notOpen(id: number, stream: H2Stream | undefined): void {
    if (stream) return this.fault(stream, ErrorCode.STREAM_CLOSED);
    this.#checkNotIdle(id);
    if (!this.#resetByUs.has(id))
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "DATA on a closed stream");
  }

  #checkNotIdle(id: number): void {
    if (id > this.lastStream || id % 2 === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a frame on an idle stream");
    }
  }

  #countReset(): void {
    if (!this.#resets.take(performance.now())) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too many resets");
    }
  }

  #countIdle(): void {
    if (!this.#idleFrames.take(performance.now()) || this.outbox.waiting > this.limits.queuedControlBytes) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too many frames that carry no work");
    }
  }

  #creditConnection(bytes: number): void {
    this.#uncredited += bytes;
    if (this.#uncredited * 2 < this.limits.connectionWindow || this.closed) return;
    this.#receiveWindow += this.#uncredited;
    this.outbox.frame(numberFrame(FrameType.WINDOW_UPDATE, 0, this.#uncredited));
    this.#uncredited = 0;
  }

  /** Gives every stream that has something queued its turns, one piece each, as long as something goes out. */
  #pump(): void {
    if (this.#pumping || this.closed) return;
    this.#pumping = true;
    for (let moved = true; moved && !this.outbox.blocked && this.#turns.size > 0;) {
      moved = false;
      for (const stream of [...this.#turns]) {
        if (stream.turn()) moved = true;
        if (stream.queuedBytes === 0) this.#turns.delete(stream);
      }
    }
    this.#pumping = false;
  }

  #endWhenIdle(): void {
    if (!this.goingAway || this.closed || this.live.size > 0) return;
    this.outbox.flush();
    this.socket.end();
  }

  #gone(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.goingAway = true;
    this.#reader.stop();
    clearTimeout(this.#handshake);
    for (const stream of [...this.live.values()]) stream.close(ErrorCode.CANCEL, "connection");
    if (!this.socket.destroyed && this.socket.readableEnded) this.socket.end(() => this.socket.destroy());
    this.onGone(reason);
  }
}
