import type { Backlog } from "./backlog.js";
import { copyBytes } from "./copy-bytes.js";
import {
  defaultWindow,
  Flag,
  frameHeadBytes,
  FrameType,
  goawayFrame,
  putFrameHead,
  putUint32,
} from "./frame.js";
import type { H2Stream } from "./h2-stream.js";
import type { HeaderList } from "./header-list.js";
import { HpackEncoder } from "./hpack/encoder.js";
import { type Outbox, viewBytes } from "./outbox.js";
import { SendQueue } from "./send-queue.js";
import { initialPeerSettings } from "./settings.js";
import { TurnRound } from "./turn-round.js";
import type { DataWriter } from "./types.js";
import { SendWindow } from "./window.js";

/**
 * The sending half of a connection: writes frames into the outbox as windows and socket allow, and lets streams queue
 * what they do not. Control frames never wait behind DATA.
 */
export class Outbound {
  readonly window = new SendWindow(defaultWindow);
  readonly peer = initialPeerSettings();
  readonly encoder = new HpackEncoder();
  readonly #outbox: Outbox;
  readonly #round = new TurnRound();
  readonly #mostQueuedControl: number;
  readonly #backlog: Backlog;
  /** Control frames written while the peer does not read. */
  #queuedControl = 0;
  #dataWork = 0;
  #isPumping = false;

  constructor(outbox: Outbox, mostQueuedControl: number, backlog: Backlog) {
    this.#outbox = outbox;
    this.#mostQueuedControl = mostQueuedControl;
    this.#backlog = backlog;
  }

  /** More answers than the limit wait for a peer that does not read. */
  get isFlooded(): boolean {
    return this.#queuedControl > this.#mostQueuedControl;
  }

  /** Sends a request's first block. It never waits: ids must go out in order. */
  open(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    this.#writeBlock(stream.id, headers, endStream ? Flag.END_STREAM : 0);
    if (endStream) stream.endSent();
  }

  /** Sends a header block, or queues it behind what waits. */
  headers(stream: H2Stream, headers: HeaderList, endStream: boolean): void {
    if (!stream.hasQueue && !this.#outbox.isFull) {
      this.open(stream, headers, endStream);
      return;
    }
    const queue = (stream.queue ??= new SendQueue(this.#backlog));
    queue.addHeaders(headers);
    queue.endsStream = endStream;
    this.#round.add(stream);
  }

  /**
   * Sends what windows and socket allow of the DATA from `start` to `end`, queues the rest, and tells how much went at once;
   * -1 where too much waits.
   */
  data(stream: H2Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    const length = end - start;
    const mustWait = stream.hasQueue || this.#outbox.isFull;
    const sent = mustWait ? 0 : Math.max(0, Math.min(length, this.window.left, stream.sendWindow.left));
    if (mustWait || sent < length) {
      if (sent > 0) this.#writeData(stream, bytes, start, start + sent, 0);
      return this.#enqueue(stream, bytes.subarray(start + sent, end), endStream) ? sent : -1;
    }
    if (length > 0 || endStream) this.#writeData(stream, bytes, start, end, endStream ? Flag.END_STREAM : 0);
    if (endStream) stream.endSent();
    return length;
  }

  /** Sends one DATA frame that is written straight into the batch; false, and writes nothing, where it cannot go at once. */
  written(stream: H2Stream, bytes: number, writer: DataWriter, endStream: boolean): boolean {
    const room = Math.min(this.window.left, stream.sendWindow.left, this.peer.maxFrameSize);
    if (bytes > room || stream.hasQueue || this.#outbox.isFull) return false;
    const at = this.#beginData(stream, bytes, endStream ? Flag.END_STREAM : 0);
    writer.writeData(this.#outbox.batch, at);
    if (endStream) stream.endSent();
    return true;
  }

  /**
   * Sends RST_STREAM. It is an answer, and counts as one, where the peer opened the stream: that we end one of our own is
   * not the peer's doing.
   */
  reset(stream: number, code: number, isAnswer: boolean): void {
    this.#number(FrameType.RST_STREAM, stream, code);
    if (isAnswer) this.#countControl();
  }

  /** Gives receive window to the peer. */
  windowUpdate(stream: number, increment: number): void {
    this.#number(FrameType.WINDOW_UPDATE, stream, increment);
  }

  /** Acknowledges the peer's SETTINGS. */
  settingsAck(): void {
    const at = this.#outbox.reserve(frameHeadBytes);
    putFrameHead(this.#outbox.batch, at, 0, FrameType.SETTINGS, Flag.ACK, 0);
    this.#countControl();
  }

  /** Sends PING, or its answer with `flags` ACK. */
  ping(flags: number, bytes: Uint8Array): void {
    const at = this.#outbox.reserve(frameHeadBytes + 8);
    putFrameHead(this.#outbox.batch, at, 8, FrameType.PING, flags, 0);
    this.#outbox.batch.set(bytes, at + frameHeadBytes);
    this.#countControl();
  }

  /** Sends GOAWAY. */
  goaway(lastStream: number, code: number, reason: string): void {
    this.#outbox.copy(goawayFrame(lastStream, code, reason));
  }

  /** A stream has closed: it has no turn any more. */
  leave(stream: H2Stream): void {
    this.#round.remove(stream);
  }

  /** What DATA has been sent since it was asked last, in WINDOW_UPDATEs that it may well bring. */
  takeDataWork(): number {
    const work = this.#dataWork;
    this.#dataWork = 0;
    return work;
  }

  /** The peer allows a stream to send so much more, or fewer; false where its window overflows. */
  grow(stream: H2Stream, bytes: number): boolean {
    if (!stream.sendWindow.grow(bytes)) return false;
    if (stream.sendWindow.left > 0 && stream.hasQueue) this.#round.add(stream);
    return true;
  }

  /** Lets streams send what they have queued, a frame each in turn, until windows or socket stop it. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    if (!this.#outbox.isChoked) this.#queuedControl = 0;
    while (!this.#outbox.isFull) {
      const stream = this.#round.take();
      if (stream === undefined) break;
      if (!stream.hasQueue) continue;
      if (!this.#turn(stream)) break;
    }
    this.#isPumping = false;
  }

  /** One stream's turn; false where the connection's window is used up, so that nobody else need try. */
  #turn(stream: H2Stream): boolean {
    const { queue } = stream;
    if (queue === undefined) return true;
    stream.hasMoved = true;
    const headers = queue.takeHeaders();
    if (headers !== undefined) {
      const isLast = queue.isEmpty && queue.endsStream;
      this.#writeBlock(stream.id, headers, isLast ? Flag.END_STREAM : 0);
      this.#afterTurn(stream, isLast);
      return true;
    }
    const there = queue.available(this.peer.maxFrameSize);
    const bytes = Math.max(0, Math.min(there, stream.sendWindow.left, this.window.left));
    if (bytes === 0 && there > 0) return this.#skip(stream);
    const isLast = queue.endsStream && queue.endsWith(bytes);
    this.#writeQueued(stream, queue, bytes, isLast ? Flag.END_STREAM : 0);
    if (bytes > 0) stream.listener.onDrain(stream, bytes);
    this.#afterTurn(stream, isLast);
    return true;
  }

  /** A stream that may send nothing now. With no window of its own it leaves the round; its WINDOW_UPDATE brings it back. */
  #skip(stream: H2Stream): boolean {
    stream.hasMoved = false;
    if (stream.sendWindow.left <= 0) return true;
    this.#round.putBack(stream);
    return false;
  }

  #afterTurn(stream: H2Stream, isLast: boolean): void {
    if (isLast) {
      if (stream.queue !== undefined) stream.queue.endsStream = false;
      stream.endSent();
    } else if (stream.hasQueue) this.#round.add(stream);
  }

  #enqueue(stream: H2Stream, bytes: Uint8Array, endStream: boolean): boolean {
    const queue = (stream.queue ??= new SendQueue(this.#backlog));
    if (!queue.addData(bytes)) return false;
    queue.endsStream = endStream;
    this.#round.add(stream);
    return true;
  }

  #writeData(stream: H2Stream, bytes: Uint8Array, start: number, end: number, flags: number): void {
    const most = this.peer.maxFrameSize;
    for (let at = start; at === start || at < end; at += most) {
      const partEnd = Math.min(end, at + most);
      const partFlags = partEnd === end ? flags : 0;
      if (partEnd - at >= viewBytes) this.#viewData(stream, bytes.subarray(at, partEnd), partFlags);
      else this.#copyData(stream, bytes, at, partEnd, partFlags);
    }
  }

  /** A DATA frame whose payload stays where it is until it is written. */
  #viewData(stream: H2Stream, bytes: Uint8Array, flags: number): void {
    this.#takeWindow(stream, bytes.length);
    const at = this.#outbox.reserve(frameHeadBytes);
    putFrameHead(this.#outbox.batch, at, bytes.length, FrameType.DATA, flags, stream.id);
    this.#outbox.view(bytes);
  }

  #copyData(stream: H2Stream, bytes: Uint8Array, start: number, end: number, flags: number): void {
    const at = this.#beginData(stream, end - start, flags);
    copyBytes(this.#outbox.batch, at, bytes, start, end);
  }

  /** A DATA frame whose payload goes into the batch; gives the offset where. */
  #beginData(stream: H2Stream, bytes: number, flags: number): number {
    this.#takeWindow(stream, bytes);
    const at = this.#outbox.reserve(frameHeadBytes + bytes);
    putFrameHead(this.#outbox.batch, at, bytes, FrameType.DATA, flags, stream.id);
    return at + frameHeadBytes;
  }

  #takeWindow(stream: H2Stream, bytes: number): void {
    this.window.take(bytes);
    stream.sendWindow.take(bytes);
    this.#dataWork += workOf(bytes);
  }

  /** One DATA frame of as many queued pieces as it takes. */
  #writeQueued(stream: H2Stream, queue: SendQueue, bytes: number, flags: number): void {
    const outbox = this.#outbox;
    this.#takeWindow(stream, bytes);
    const at = outbox.reserve(frameHeadBytes);
    putFrameHead(outbox.batch, at, bytes, FrameType.DATA, flags, stream.id);
    for (let left = bytes; left > 0;) {
      const piece = queue.takeData(left);
      left -= piece.length;
      if (piece.length >= viewBytes) outbox.view(piece);
      else outbox.copy(piece);
    }
  }

  #writeBlock(stream: number, headers: HeaderList, flags: number): void {
    const outbox = this.#outbox;
    const known = this.encoder.known(headers);
    if (known !== undefined) {
      const at = outbox.reserve(frameHeadBytes + known.length);
      putFrameHead(outbox.batch, at, known.length, FrameType.HEADERS, flags | Flag.END_HEADERS, stream);
      outbox.batch.set(known, at + frameHeadBytes);
      return;
    }
    const most = this.encoder.mostBytes(headers);
    if (most > this.peer.maxFrameSize) {
      this.#writeLargeBlock(stream, headers, flags);
      return;
    }
    const at = outbox.reserve(frameHeadBytes + most);
    const end = this.encoder.encode(headers, outbox.batch, at + frameHeadBytes);
    outbox.release(end);
    const length = end - at - frameHeadBytes;
    putFrameHead(outbox.batch, at, length, FrameType.HEADERS, flags | Flag.END_HEADERS, stream);
  }

  /** A block that may not fit into one frame: HEADERS, then CONTINUATIONs. */
  #writeLargeBlock(stream: number, headers: HeaderList, flags: number): void {
    const buffer = Buffer.allocUnsafe(this.encoder.mostBytes(headers));
    const block = buffer.subarray(0, this.encoder.encode(headers, buffer, 0));
    const most = this.peer.maxFrameSize;
    for (let at = 0; at === 0 || at < block.length; at += most) {
      const part = block.subarray(at, at + most);
      const isLast = at + most >= block.length;
      const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      const partFlags = (at === 0 ? flags : 0) | (isLast ? Flag.END_HEADERS : 0);
      const offset = this.#outbox.reserve(frameHeadBytes);
      putFrameHead(this.#outbox.batch, offset, part.length, type, partFlags, stream);
      this.#outbox.copy(part);
    }
  }

  #number(type: number, stream: number, value: number): void {
    const outbox = this.#outbox;
    const at = outbox.reserve(frameHeadBytes + 4);
    putFrameHead(outbox.batch, at, 4, type, 0, stream);
    putUint32(outbox.batch, at + frameHeadBytes, value);
  }

  #countControl(): void {
    if (this.#outbox.isChoked) this.#queuedControl++;
  }
}

/** A peer that reads a little at a time may well answer each KiB with a WINDOW_UPDATE, and each frame with two. */
function workOf(dataBytes: number): number {
  return 2 + dataBytes / 1024;
}
