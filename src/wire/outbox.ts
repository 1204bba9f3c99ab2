import type { Duplex } from "node:stream";
import { frameHeadBytes, FrameType, putFrameHead } from "./frame.js";

const batchBytes = 64 * 1024;
/** Payloads from here on are sent as views: below, copying is cheaper than one more buffer in the write. */
const viewBytes = 4096;

/**
 * Gathers the frames of one event-loop turn and writes them at once. Small ones are copied into a batch, large payloads
 * go along as views of the buffer they came in.
 */
export class Outbox {
  readonly #socket: Duplex;
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  #from = 0;
  #at = 0;
  #pieces: Buffer[] = [];
  #scheduled = false;
  #waiting = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** The socket has taken all it can: stop feeding until it drains. */
  get blocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Bytes that wait for the end of this turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds bytes that are a whole frame, or several. */
  frame(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#batch.set(bytes, this.#at);
    this.#at += bytes.length;
    this.#added(bytes.length);
  }

  /** Adds a frame with a head and a payload. */
  payload(type: number, flags: number, stream: number, bytes: Uint8Array): void {
    this.#room(frameHeadBytes + (bytes.length < viewBytes ? bytes.length : 0));
    this.#at = putFrameHead(this.#batch, this.#at, bytes.length, type, flags, stream);
    if (bytes.length < viewBytes) {
      this.#batch.set(bytes, this.#at);
      this.#at += bytes.length;
    } else {
      this.#cut();
      this.#pieces.push(
        bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      );
    }
    this.#added(frameHeadBytes + bytes.length);
  }

  /** Adds a DATA frame. */
  data(stream: number, bytes: Uint8Array, flags: number): void {
    this.payload(FrameType.DATA, flags, stream, bytes);
  }

  /** Writes all that waits. */
  flush(): void {
    this.#scheduled = false;
    this.#waiting = 0;
    this.#cut();
    const pieces = this.#pieces;
    if (pieces.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#pieces = [];
    if (pieces.length === 1) {
      this.#socket.write(pieces[0]);
      return;
    }
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #added(bytes: number): void {
    this.#waiting += bytes;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#scheduled && this.flush());
  }

  /** What is in the batch since the last cut becomes a piece of the write. */
  #cut(): void {
    if (this.#at === this.#from) return;
    this.#pieces.push(this.#batch.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }

  /** A batch is never written over: what it held may still be on its way. A full one is left to the garbage collector. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#batch.length) return;
    this.#cut();
    this.#batch = Buffer.allocUnsafeSlow(Math.max(batchBytes, bytes));
    this.#from = this.#at = 0;
  }
}
