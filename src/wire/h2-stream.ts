import type { HeaderList } from "./header-list.js";
import type { SendQueue } from "./send-queue.js";
import { after, isClosed, isState, maySend, StreamEvent, StreamState } from "./stream-state.js";
import type { ClientStream, ClosedBy, DataWriter, ServerStream, StreamListener } from "./types.js";
import { ReceiveWindow, SendWindow } from "./window.js";
import { ErrorCode } from "./error-code.js";

/** What a stream asks of its connection. */
export interface StreamOwner {
  sendHeaders(stream: H2Stream, headers: HeaderList, endStream: boolean): void;
  sendData(stream: H2Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number;
  sendWritten(stream: H2Stream, bytes: number, writer: DataWriter, endStream: boolean): boolean;
  sendReset(stream: H2Stream, code: number): void;
  /** So many bytes of the stream's DATA have been dealt with. */
  credit(stream: H2Stream, bytes: number): void;
  /** We have sent END_STREAM. */
  onEndSent(stream: H2Stream): void;
  /** The stream has closed; so many bytes of its DATA will be dealt with by nobody. Its listener has not heard yet. */
  forget(stream: H2Stream, owedBytes: number): void;
  /** … and now it has. */
  onForgotten(): void;
  /** The last hold on a stream that has closed is released. */
  onReleased(): void;
}

/** The windows that a stream begins with. */
export interface Windows {
  readonly send: number;
  readonly receive: number;
}

/** One stream, either role. Its connection moves it; who uses it sees {@link Stream}. */
export class H2Stream implements ServerStream, ClientStream {
  readonly id: number;
  listener: StreamListener;
  state: StreamState = StreamState.open;
  readonly sendWindow: SendWindow;
  readonly receiveWindow: ReceiveWindow;
  /** Of the DATA that came: what has not been dealt with. */
  owedBytes = 0;
  /** In the client role: the final response headers have come. */
  headersSeen = false;
  /** What `content-length` announced, and how much of it has come; -1 = it did not say. */
  contentLength = -1;
  contentBytes = 0;
  /** The peer's END_STREAM came with what its listener hears just now: who answers within that need not stop the peer. */
  endsNow = false;
  /** What waits for window or socket; undefined as long as nothing had to. */
  queue: SendQueue | undefined = undefined;
  /** It is in the round of streams that have something to send, before this one. */
  isInTurn = false;
  nextInTurn: H2Stream | undefined = undefined;
  previousInTurn: H2Stream | undefined = undefined;
  /** Something of its queue has gone out since the connection looked last. */
  hasMoved = false;
  /** For how long its queue has not moved. */
  stalledMs = 0;
  /** How it ended, once it has. */
  closeCode: number = ErrorCode.NO_ERROR;
  closedBy: ClosedBy = "end";
  readonly #owner: StreamOwner;
  #holds = 0;

  constructor(id: number, owner: StreamOwner, { send, receive }: Windows, listener: StreamListener) {
    this.id = id;
    this.#owner = owner;
    this.listener = listener;
    this.sendWindow = new SendWindow(send);
    this.receiveWindow = new ReceiveWindow(receive);
  }

  get sendClosed(): boolean {
    return !maySend(this.state) || (this.queue !== undefined && this.queue.endsStream);
  }

  get queuedBytes(): number {
    return this.queue === undefined ? 0 : this.queue.bytes;
  }

  /** Something waits: bytes, a header block, or only END_STREAM. */
  get hasQueue(): boolean {
    return this.queue !== undefined && (!this.queue.isEmpty || this.queue.endsStream);
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  get isClosed(): boolean {
    return isClosed(this.state);
  }

  sendHeaders(headers: HeaderList, endStream: boolean): void {
    if (!this.sendClosed) this.#owner.sendHeaders(this, headers, endStream);
  }

  sendData(bytes: Uint8Array, endStream: boolean): number {
    return this.sendRange(bytes, 0, bytes.length, endStream);
  }

  sendRange(bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    return this.sendClosed ? end - start : this.#owner.sendData(this, bytes, start, end, endStream);
  }

  sendWritten(bytes: number, writer: DataWriter, endStream: boolean): boolean {
    return this.sendClosed || this.#owner.sendWritten(this, bytes, writer, endStream);
  }

  reset(code: number, by: ClosedBy = "local"): void {
    if (this.isClosed) return;
    this.#owner.sendReset(this, code);
    this.#move(StreamEvent.resetSent, code, by);
  }

  credit(bytes: number): void {
    // A closed stream owes nothing any more: all of it was given back when it closed.
    const dealtWith = Math.min(bytes, this.owedBytes);
    if (dealtWith <= 0) return;
    this.owedBytes -= dealtWith;
    this.#owner.credit(this, dealtWith);
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    if (this.#holds === 0 || --this.#holds > 0) return;
    if (this.isClosed) this.#owner.onReleased();
  }

  /** The peer has sent END_STREAM. */
  endReceived(): void {
    this.#move(StreamEvent.endReceived, ErrorCode.NO_ERROR, "end");
  }

  /** END_STREAM has gone out. */
  endSent(): void {
    this.#move(StreamEvent.endSent, ErrorCode.NO_ERROR, "end");
    if (!this.isClosed) this.#owner.onEndSent(this);
  }

  /** The peer has reset the stream, or it is as if it had: its listener hears it, once. */
  close(code: number, by: ClosedBy): void {
    this.#move(StreamEvent.resetReceived, code, by);
  }

  #move(event: StreamEvent, code: number, by: ClosedBy): void {
    const next = after(this.state, event);
    if (!isState(next)) return;
    this.state = next;
    if (this.isClosed) this.#closed(code, by);
  }

  #closed(code: number, by: ClosedBy): void {
    this.closeCode = code;
    this.closedBy = by;
    this.queue?.drop();
    this.queue = undefined;
    const owed = this.owedBytes;
    this.owedBytes = 0;
    this.#owner.forget(this, owed);
    this.listener.onClose(this, code, by);
    this.#owner.onForgotten();
  }
}
