import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Backlog, unbounded } from "./backlog.js";
import { ConnectionError } from "./connection-error.js";
import { ErrorCode } from "./error-code.js";
import { defaultWindow, http2Preface, largestWindow } from "./frame.js";
import { FrameReader } from "./frame-reader.js";
import { H2Stream, type StreamOwner } from "./h2-stream.js";
import { hangUp, hangUpInOrder } from "./hang-up.js";
import type { HeaderList } from "./header-list.js";
import { Inbound, type Receiving } from "./inbound.js";
import type { Limits } from "./limits.js";
import { Outbound } from "./outbound.js";
import { Outbox } from "./outbox.js";
import { PrefaceReader } from "./preface.js";
import type { Refusal } from "./refusal.js";
import type { Role } from "./role.js";
import { settingsFrame } from "./settings.js";
import { type Ruled, StreamRules } from "./stream-rules.js";
import { mayReceive } from "./stream-state.js";
import { StreamTable } from "./stream-table.js";
import type { Connection, DataWriter, StreamListener } from "./types.js";
import { Watch, type Watched } from "./watch.js";

const keepAlivePing = Buffer.from("prism:ka", "latin1");
const shutdownPing = Buffer.from("prism:sd", "latin1");
/** How often a peer that says no more is asked whether it is there: of one that has gone, the second try tells. */
const probeMs = 100;

/**
 * One connection in either role: its socket, its streams, its end. What frames mean is told by Inbound, what
 * may be done to a stream by StreamRules, what is sent by Outbound.
 */
export class Http2Connection implements Connection, StreamOwner, Receiving, Ruled, Watched {
  readonly live = new StreamTable<H2Stream>();
  readonly role: Role;
  readonly limits: Limits;
  readonly outbound: Outbound;
  readonly rules: StreamRules;
  /** The highest id that has been opened, by the client of the two. */
  lastStream = 0;
  /** No new streams: GOAWAY has been said, or heard. */
  goingAway = false;
  closed = false;
  /** The client says no more, and waits for what it has asked. */
  isHalfClosed = false;
  readonly #socket: Duplex;
  readonly #outbox: Outbox;
  readonly #inbound: Inbound;
  readonly #reader: FrameReader;
  readonly #preface = new PrefaceReader();
  readonly #watch: Watch;
  readonly #timer: NodeJS.Timeout;
  #probe: NodeJS.Timeout | undefined;
  #heldStreams = 0;
  #isShuttingDown = false;

  constructor(
    socket: Duplex,
    { limits, backlog = unbounded }: { readonly limits: Limits; readonly backlog?: Backlog | undefined },
    makeRole: (connection: Http2Connection) => Role,
  ) {
    this.#socket = socket;
    this.limits = limits;
    this.#outbox = new Outbox(socket, { mostBytes: limits.socketBytes, backlog }, () => this.#onRoom());
    this.outbound = new Outbound(this.#outbox, limits.queuedControlFrames, backlog);
    this.#inbound = new Inbound(this, limits);
    this.#reader = new FrameReader(this.#inbound, limits.frameBytes);
    this.rules = new StreamRules(this, limits);
    this.#watch = new Watch(this, limits, performance.now());
    this.#timer = setInterval(() => this.#watch.tick(performance.now()), limits.tickMs);
    this.#timer.unref();
    this.role = makeRole(this);
  }

  get streams(): number {
    return this.live.size + this.#heldStreams;
  }

  get isShaken(): boolean {
    return this.#inbound.isShaken;
  }

  get isSettled(): boolean {
    return this.#inbound.isShaken && (this.#inbound.isAcknowledged || this.isHalfClosed);
  }

  get isChoked(): boolean {
    const { writableEnded, writableFinished } = this.#socket;
    return this.#outbox.isChoked || (writableEnded && !writableFinished);
  }

  /** So much waits for a peer that does not read that more streams had better wait outside. */
  get isStuffed(): boolean {
    return this.#outbox.isStuffed;
  }

  get partialSince(): number {
    return this.#inbound.block.stream > 0 ? this.#inbound.block.since : this.#reader.gatheringSince;
  }

  /** Sends our first words, and reads from the next turn on: first what had been read from the socket before. */
  begin(head?: Buffer): void {
    const { role, limits } = this;
    if (this.#socket instanceof Socket) this.#socket.setNoDelay();
    if (role.side === "client") this.#outbox.copy(http2Preface);
    this.#outbox.copy(settingsFrame(role.side, limits));
    const wider = limits.connectionWindow - defaultWindow;
    // An increment of 0 is an error (RFC 9113, section 6.9).
    if (wider > 0) this.outbound.windowUpdate(0, wider);
    this.#socket.on("error", (error: Error) => this.#gone(error.message));
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("close", () => this.#gone(""));
    // As an argument: what a function here closes over, those above keep as long as the socket lives.
    process.nextTick((first?: Buffer) => {
      if (first !== undefined) this.#read(first);
      if (this.#socket.destroyed) this.#gone("");
    }, head);
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.resume();
  }

  shutdown(): void {
    if (this.closed || this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    if (this.role.side === "client" || !this.isShaken) {
      this.endShutdown();
      return;
    }
    // What the client sent before it hears of this is still served: the PING's answer tells that it has heard.
    this.outbound.goaway(largestWindow, ErrorCode.NO_ERROR, "");
    this.outbound.ping(0, shutdownPing);
    this.#watch.shuttingDown(performance.now());
  }

  endShutdown(): void {
    if (this.closed || this.goingAway) return;
    this.goingAway = true;
    this.outbound.goaway(this.#lastOfPeer, ErrorCode.NO_ERROR, "");
    this.endWhenIdle();
  }

  destroy(code: number = ErrorCode.NO_ERROR, reason = ""): void {
    if (this.closed) return;
    this.outbound.goaway(this.#lastOfPeer, code, reason);
    this.#gone(reason);
  }

  /** Closes the connection when it is going away and no stream is left. */
  endWhenIdle(): void {
    if (!this.goingAway || this.closed || this.live.size > 0) return;
    this.#outbox.flush();
    hangUpInOrder(this.#socket);
  }

  ping(): void {
    this.outbound.ping(0, keepAlivePing);
  }

  rest(): void {
    this.#outbox.rest();
  }

  /** A PING of ours has been answered. */
  onPong(payload: Buffer): void {
    if (this.#isShuttingDown && payload.equals(shutdownPing)) this.endShutdown();
  }

  /** Makes a stream with the windows that hold now. */
  makeStream(id: number, listener: StreamListener): H2Stream {
    const windows = { send: this.outbound.peer.initialWindowSize, receive: this.limits.streamWindow };
    const stream = new H2Stream(id, this, windows, listener);
    this.live.add(stream);
    return stream;
  }

  refused(refusal: Refusal, message: string): void {
    this.role.onRefused(refusal, message);
  }

  cut(error: ConnectionError): void {
    if (this.closed) return;
    this.refused(error.refusal, error.message);
    this.destroy(error.code, error.message);
  }

  sendHeaders(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    this.outbound.headers(stream, headers, endStream);
  }

  sendData(stream: H2Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    const sent = this.outbound.data(stream, bytes, start, end, endStream);
    if (sent >= 0) return sent;
    this.refused("held_bytes", "too many bytes wait for peers that do not take them");
    stream.reset(ErrorCode.ENHANCE_YOUR_CALM);
    return end - start;
  }

  sendWritten(stream: H2Stream, bytes: number, writer: DataWriter, endStream: boolean): boolean {
    return this.outbound.written(stream, bytes, writer, endStream);
  }

  sendReset(stream: H2Stream, code: number): void {
    this.outbound.reset(stream.id, code, this.role.side === "server");
  }

  credit(stream: H2Stream, bytes: number): void {
    this.creditConnection(bytes);
    if (!mayReceive(stream.state) || this.closed) return;
    const increment = stream.receiveWindow.give(bytes);
    if (increment > 0) this.outbound.windowUpdate(stream.id, increment);
  }

  /** We have opened a stream: the peer may say of it what it could not know to be in vain. */
  excuse(): void {
    this.#inbound.excuse();
  }

  /** So many bytes of DATA have been dealt with, or passed over. */
  creditConnection(bytes: number): void {
    const increment = this.#inbound.window.give(bytes);
    if (increment > 0 && !this.closed) this.outbound.windowUpdate(0, increment);
  }

  onEndSent(stream: H2Stream): void {
    if (this.role.side === "client" || stream.endsNow) return;
    // The answer is complete before the request: the client need not go on (RFC 9113, section 8.1).
    this.rules.answeredEarly();
    stream.reset(ErrorCode.NO_ERROR, "end");
  }

  forget(stream: H2Stream, owedBytes: number): void {
    this.live.delete(stream.id);
    this.outbound.leave(stream);
    this.rules.onClosed(stream);
    if (stream.isHeld) this.#heldStreams++;
    if (owedBytes > 0) this.creditConnection(owedBytes);
  }

  onForgotten(): void {
    if (this.closed) return;
    this.role.onRoom();
    this.endWhenIdle();
  }

  onReleased(): void {
    this.#heldStreams--;
    this.onForgotten();
  }

  /** The last stream of the peer's that we have looked at. */
  get #lastOfPeer(): number {
    return this.role.side === "server" ? this.lastStream : 0;
  }

  #read(chunk: Buffer): void {
    if (this.closed) return;
    this.#watch.heard();
    try {
      const at = this.role.side === "server" && !this.#preface.isDone ? this.#preface.take(chunk) : 0;
      this.#reader.push(at === 0 ? chunk : chunk.subarray(at));
    } catch (reason) {
      if (reason instanceof ConnectionError) this.cut(reason);
      else this.#onBug(reason);
    }
  }

  /** A listener breaks its promise not to throw: no other connection pays for it, and what it says is not for the peer. */
  #onBug(reason: unknown): void {
    this.refused(
      "internal_error",
      reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    );
    this.destroy(ErrorCode.INTERNAL_ERROR, "a fault on this side");
  }

  /**
   * The peer says no more. A server's calls end with that. A client may wait for the answers to what it has asked in
   * full, and hears from us that it has them; whether it has gone instead is seen only by writing to it.
   */
  #onEnd(): void {
    if (this.closed) return;
    const reason = this.live.size > 0 ? "the peer has closed the connection" : "";
    if (this.role.side === "server" && this.partialSince === 0) {
      for (const stream of this.live.values())
        if (mayReceive(stream.state)) stream.close(ErrorCode.CANCEL, "connection");
      if (this.live.size > 0) {
        this.isHalfClosed = this.goingAway = true;
        this.ping();
        this.#probe = setInterval(() => this.#outbox.isChoked || this.ping(), probeMs);
        return;
      }
    }
    this.#gone(reason);
  }

  #onRoom(): void {
    this.#watch.moved();
    if (this.closed) return;
    this.outbound.pump();
    this.role.onRoom();
  }

  /** The connection is over: every stream hears it, then whoever owns the connection. */
  #gone(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.goingAway = true;
    clearInterval(this.#timer);
    clearInterval(this.#probe);
    this.#reader.stop();
    this.#outbox.close();
    hangUp(this.#socket);
    for (const stream of this.live.values()) stream.close(ErrorCode.CANCEL, "connection");
    this.role.onGone(reason);
  }
}
