import type { Duplex } from "node:stream";
import type { Backlog } from "./backlog.js";

/** A batch begins small, because most connections are idle, and grows with what a turn brings. */
const firstBatchBytes = 4096;
const largestBatchBytes = 64 * 1024;
/** Bytes from here on are sent as views: below, copying is cheaper than one more buffer in the write. */
export const viewBytes = 4096;

/** How many times over its bytes a socket is stuffed. */
const stuffedTimes = 4;

const nothing = Buffer.alloc(0);

/**
 * Gathers the frames of one event-loop turn and writes them at once. Small ones are copied into a batch, large payloads
 * go along as views of the buffer they came in.
 */
export class Outbox {
  /** The batch that is being filled; who has reserved room writes into it. */
  batch: Buffer = nothing;
  readonly #socket: Duplex;
  readonly #mostBytes: number;
  readonly #backlog: Backlog;
  readonly #onRoom: () => void;
  readonly #flush = (): void => this.flush();
  #from = 0;
  #at = 0;
  #pieces: Uint8Array[] = [];
  /** Bytes that wait for the end of this turn. */
  #waiting = 0;
  #isScheduled = false;
  #isChoked = false;
  #isClosed = false;
  /** Of the backlog: what the socket was given, and the peer does not take. */
  #stuck = 0;

  /** `onRoom` is called when frames can go out again after {@link isFull}. */
  constructor(
    socket: Duplex,
    { mostBytes, backlog }: { readonly mostBytes: number; readonly backlog: Backlog },
    onRoom: () => void,
  ) {
    this.#socket = socket;
    this.#mostBytes = mostBytes;
    this.#backlog = backlog;
    this.#onRoom = onRoom;
    socket.on("drain", () => this.#drained());
  }

  /** The socket, or this turn, has taken all it can: what can wait must wait for `onRoom`. */
  get isFull(): boolean {
    return this.#isChoked || this.#waiting >= this.#mostBytes;
  }

  /** The socket has taken all it can, and its peer does not read. */
  get isChoked(): boolean {
    return this.#isChoked;
  }

  /** Far more waits than the socket should hold: its peer has not read for long, or what may not wait is written faster. */
  get isStuffed(): boolean {
    return this.#isChoked && this.#socket.writableLength + this.#waiting > stuffedTimes * this.#mostBytes;
  }

  /** Room for so many bytes in {@link batch}: gives the offset where they go. All of it counts as written. */
  reserve(bytes: number): number {
    if (this.#at + bytes > this.batch.length) this.#nextBatch(bytes);
    const at = this.#at;
    this.#at = at + bytes;
    this.#waiting += bytes;
    if (!this.#isScheduled) this.#schedule();
    return at;
  }

  /** Gives back what was reserved last from this offset on. */
  release(at: number): void {
    this.#waiting -= this.#at - at;
    this.#at = at;
  }

  /** Adds bytes that stay as they are until they are written. */
  view(bytes: Uint8Array): void {
    this.#cut();
    this.#pieces.push(bytes);
    this.#waiting += bytes.length;
    if (!this.#isScheduled) this.#schedule();
  }

  /** Adds a copy of bytes. */
  copy(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.batch.set(bytes, at);
  }

  /** Writes all that waits. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#waiting === 0 || this.#isClosed) return;
    const wasFull = this.isFull;
    this.#waiting = 0;
    this.#cut();
    this.#write(this.#pieces);
    this.#pieces = [];
    this.#isChoked = this.#socket.writableNeedDrain;
    if (this.#isChoked || this.#stuck > 0) this.#count(this.#isChoked ? this.#socket.writableLength : 0);
    // What the kernel has taken need not be kept: the batch can be filled from its beginning again.
    if (this.#socket.writableLength === 0) this.#from = this.#at = 0;
    if (wasFull && !this.#isChoked) this.#onRoom();
  }

  /** Writes what waits, then nothing any more. */
  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#count(0);
    this.#pieces = [];
    this.batch = nothing;
    this.#from = this.#at = this.#waiting = 0;
  }

  /** Frees the batch of a connection that has nothing to say; the next frame makes a new one. */
  rest(): void {
    if (this.#waiting > 0 || this.#socket.writableLength > 0) return;
    this.batch = nothing;
    this.#from = this.#at = 0;
  }

  #write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    if (pieces.length === 1) {
      socket.write(pieces[0]);
      return;
    }
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
  }

  #drained(): void {
    if (!this.#isChoked) return;
    this.#isChoked = false;
    this.#count(0);
    this.#onRoom();
  }

  /** So much is stuck in the socket now. It is there already, so where there is no room for it, it is left out. */
  #count(bytes: number): void {
    const more = bytes - this.#stuck;
    if (more > 0 && !this.#backlog.take(more)) return;
    if (more < 0) this.#backlog.give(-more);
    this.#stuck = bytes;
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  /** What is in the batch since the last cut becomes a piece of the write. */
  #cut(): void {
    if (this.#at === this.#from) return;
    this.#pieces.push(this.batch.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }

  /** A batch is not written over while it may be on its way: a full one is left to the garbage collector. */
  #nextBatch(bytes: number): void {
    this.#cut();
    const grown = Math.min(largestBatchBytes, Math.max(firstBatchBytes, 2 * this.batch.length));
    this.batch = Buffer.allocUnsafeSlow(Math.max(grown, bytes));
    this.#from = this.#at = 0;
  }
}
