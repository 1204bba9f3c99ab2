import { ErrorCode } from "./error-code.js";
import type { HeaderList } from "./header-list.js";
import { type StreamEvent, type StreamState, transitions } from "./stream-state.js";
import type { ClosedBy, Stream, StreamListener } from "./types.js";

/** What a stream asks of its connection. */
export interface StreamOwner {
  writeHeaders(stream: H2Stream, headers: HeaderList, endStream: boolean): void;
  /** Sends as much as windows and socket allow of these bytes, and tells how much. */
  writeData(stream: H2Stream, bytes: Uint8Array, endStream: boolean): number;
  writeReset(stream: H2Stream, code: number): void;
  /** Something is queued: give the stream its turns. */
  wantsTurn(stream: H2Stream): void;
  creditStream(stream: H2Stream, bytes: number): void;
  forget(stream: H2Stream): void;
}

/** Pieces shorter than this share of the buffer that they are a view of are copied when they must wait, so that a few bytes do not hold a whole read. */
const copyBelow = 8192;

/** One stream, either role. Its connection moves it; who uses it sees {@link Stream}. */
export class H2Stream implements Stream {
  readonly id: number;
  listener: StreamListener;
  state: StreamState = "open";
  sendWindow: number;
  /** What the peer may still send. */
  receiveWindow: number;
  /** Dealt with, but not yet given back. */
  uncredited = 0;
  /** Of DATA that has arrived, what has not been dealt with. */
  owed = 0;
  /** In the client role: the final response headers have arrived. */
  headersSeen = false;
  /** What `content-length` announced, and what of it has not come; -1 = it did not say. */
  contentLeft = -1;
  inTurn = false;
  queuedBytes = 0;
  readonly #owner: StreamOwner;
  #queue: Uint8Array[] = [];
  #endQueued = false;
  #trailers: HeaderList | undefined;

  constructor(
    id: number,
    owner: StreamOwner,
    listener: StreamListener,
    windows: { send: number; receive: number },
  ) {
    this.id = id;
    this.#owner = owner;
    this.listener = listener;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
  }

  get sendClosed(): boolean {
    return this.#endQueued || this.state === "closed" || this.state === "halfClosedLocal";
  }

  sendHeaders(headers: HeaderList, endStream: boolean): void {
    if (this.sendClosed) return;
    if (this.queuedBytes > 0) {
      this.#trailers = headers;
      this.#endQueued = endStream;
      return;
    }
    this.#owner.writeHeaders(this, headers, endStream);
    if (endStream) this.move("endSent");
  }

  sendData(bytes: Uint8Array, endStream: boolean): number {
    if (this.sendClosed) return bytes.length;
    const sent = this.queuedBytes > 0 ? 0 : this.#owner.writeData(this, bytes, endStream);
    if (sent === bytes.length && this.queuedBytes === 0) {
      if (endStream) this.move("endSent");
      return sent;
    }
    this.#endQueued = endStream;
    const rest = bytes.subarray(sent);
    if (rest.length === 0) return sent;
    this.#queue.push(rest.length < copyBelow ? Uint8Array.prototype.slice.call(rest) : rest);
    this.queuedBytes += rest.length;
    this.#owner.wantsTurn(this);
    return sent;
  }

  reset(code: number): void {
    if (this.state === "closed") return;
    this.#owner.writeReset(this, code);
    this.close(code, "local");
  }

  credit(bytes: number): void {
    // What a closed stream still owed was credited to the connection when it closed.
    if (this.state === "closed") return;
    this.owed -= bytes;
    this.#owner.creditStream(this, bytes);
  }

  /** Sends one turn's worth of what is queued; false when the windows or the socket let nothing through. */
  turn(): boolean {
    const first = this.#queue[0];
    if (first === undefined) return false;
    const last = this.#queue.length === 1 && this.#endQueued && this.#trailers === undefined;
    const sent = this.#owner.writeData(this, first, last);
    if (sent === 0 && first.length > 0) return false;
    this.queuedBytes -= sent;
    if (sent === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(sent);
    if (this.#queue.length === 0) this.#finish();
    if (sent > 0 && this.state !== "closed") this.listener.onDrain(this, sent);
    return true;
  }

  /** Moves the state; a stream that ended both ways is over. */
  move(event: StreamEvent): void {
    if (this.state === "closed") return;
    this.state = transitions[this.state][event];
    if (this.state === "closed") {
      this.state = "open";
      this.close(ErrorCode.NO_ERROR, "end");
    }
  }

  /** The stream is over: its listener hears it, once. */
  close(code: number, by: ClosedBy): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#queue = [];
    this.queuedBytes = 0;
    this.#owner.forget(this);
    this.listener.onClose(this, code, by);
  }

  #finish(): void {
    const trailers = this.#trailers;
    const end = this.#endQueued;
    this.#trailers = undefined;
    if (trailers) this.#owner.writeHeaders(this, trailers, end);
    if (end) this.move("endSent");
  }
}
