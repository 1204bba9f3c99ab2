import { ConnectionError, protocolError } from "./connection-error.js";
import { ErrorCode } from "./error-code.js";
import { Flag, frameHeadBytes, FrameType, readUint32 } from "./frame.js";

/** Hears the frames that a {@link FrameReader} finds. What is handed over lies in a buffer that is valid until the call returns. */
export interface FrameSink {
  /** A head: may this frame come now? Throws a ConnectionError where not. May be asked twice of one frame. */
  checkHead(type: number, stream: number, length: number): void;
  /** A DATA frame begins; so many bytes of window it takes. */
  onDataHead(stream: number, length: number): void;
  /** A part of that DATA, as it arrives, from `start` to `end`. `windowBytes` counts padding in; `endStream` comes with the last part. */
  onDataPart(bytes: Buffer, start: number, end: number, windowBytes: number, endStream: boolean): void;
  /** Any other frame, whole: its payload lies from `start` to `end`. */
  onFrame(head: FrameHead, bytes: Buffer, start: number, end: number): void;
}

/** The head of the frame at hand. One object a connection, filled anew for each frame. */
export class FrameHead {
  length = 0;
  type = 0;
  flags = 0;
  stream = 0;

  /** Reads the nine bytes at an offset. */
  read(bytes: Buffer, at: number): void {
    this.length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    this.type = bytes[at + 3] ?? 0;
    this.flags = bytes[at + 4] ?? 0;
    this.stream = readUint32(bytes, at + 5) & 0x7fffffff;
  }
}

/** What a frame that a read has split is gathered in at first; it grows as bytes come, not by the announced length. */
const gatherBytes = 256;
const nothing = Buffer.alloc(0);

/**
 * Cuts what arrives into frames, in place. DATA goes on as it comes, without waiting for its frame's end; other frames
 * are gathered where a read splits them, which the frame size bounds.
 */
export class FrameReader {
  /** When the first byte of a frame came that is being gathered; 0 = none is. */
  gatheringSince = 0;
  readonly #sink: FrameSink;
  readonly #mostBytes: number;
  readonly #head = new FrameHead();
  #isStopped = false;
  /** Of the DATA frame at hand: bytes that are still to come, of these padding, and whether the pad length is. */
  #dataLeft = 0;
  #padding = 0;
  #padLengthDue = false;
  #gathered: Buffer = nothing;
  #gatheredBytes = 0;

  /** Frames with a payload of more than `mostBytes` are refused. */
  constructor(sink: FrameSink, mostBytes: number) {
    this.#sink = sink;
    this.#mostBytes = mostBytes;
  }

  /** Reads no more, not even what is left of the chunk at hand. */
  stop(): void {
    this.#isStopped = true;
    this.#gathered = nothing;
  }

  /** Takes a chunk. Throws a ConnectionError where a frame breaks the rules. */
  push(chunk: Buffer): void {
    let at = this.#gatheredBytes > 0 ? this.#gather(chunk) : 0;
    while (at < chunk.length && !this.#isStopped) {
      at = this.#dataLeft > 0 ? this.#data(chunk, at) : this.#frame(chunk, at);
    }
  }

  /** A frame begins here; gives the offset behind what it could take of it. */
  #frame(chunk: Buffer, at: number): number {
    const payload = at + frameHeadBytes;
    if (payload > chunk.length) return this.#keep(chunk, at);
    const head = this.#head;
    head.read(chunk, at);
    this.#check(head);
    if (head.type === FrameType.DATA) {
      this.#beginData(head);
      return payload;
    }
    const end = payload + head.length;
    if (end > chunk.length) return this.#keep(chunk, at);
    this.#sink.onFrame(head, chunk, payload, end);
    return end;
  }

  #check({ type, stream, length }: FrameHead): void {
    if (length > this.#mostBytes) {
      throw new ConnectionError(
        ErrorCode.FRAME_SIZE_ERROR,
        `a frame of ${length} bytes; ${this.#mostBytes} are taken`,
      );
    }
    this.#sink.checkHead(type, stream, length);
  }

  #beginData({ stream, length, flags }: FrameHead): void {
    const isPadded = (flags & Flag.PADDED) !== 0;
    if (isPadded && length === 0) throw tooMuchPadding();
    this.#sink.onDataHead(stream, length);
    this.#dataLeft = length;
    this.#padding = 0;
    this.#padLengthDue = isPadded;
    if (length === 0) this.#sink.onDataPart(nothing, 0, 0, 0, (flags & Flag.END_STREAM) !== 0);
  }

  /** Hands on what there is of the DATA frame at hand. */
  #data(chunk: Buffer, at: number): number {
    let windowBytes = 0;
    if (this.#padLengthDue) {
      this.#padding = chunk[at++] ?? 0;
      this.#padLengthDue = false;
      if (--this.#dataLeft < this.#padding) throw tooMuchPadding();
      windowBytes++;
    }
    const there = Math.min(this.#dataLeft, chunk.length - at);
    const bytes = Math.min(there, this.#dataLeft - this.#padding);
    this.#dataLeft -= there;
    this.#padding = Math.min(this.#padding, this.#dataLeft);
    const isEnd = this.#dataLeft === 0 && (this.#head.flags & Flag.END_STREAM) !== 0;
    windowBytes += there;
    this.#sink.onDataPart(chunk, at, at + bytes, windowBytes, isEnd);
    return at + there;
  }

  /** Keeps the rest of a chunk: a head, or a frame, that is not whole. */
  #keep(chunk: Buffer, at: number): number {
    this.gatheringSince = performance.now();
    this.#add(chunk, at, chunk.length);
    return chunk.length;
  }

  /** Goes on with what was kept; gives the offset behind what belonged to it. */
  #gather(chunk: Buffer): number {
    const head = this.#head;
    let at = this.#add(chunk, 0, Math.min(chunk.length, frameHeadBytes - this.#gatheredBytes));
    if (this.#gatheredBytes < frameHeadBytes) return at;
    head.read(this.#gathered, 0);
    this.#check(head);
    const isData = head.type === FrameType.DATA;
    const whole = frameHeadBytes + (isData ? 0 : head.length);
    at = this.#add(chunk, at, Math.min(chunk.length, at + whole - this.#gatheredBytes));
    if (this.#gatheredBytes < whole) return at;
    this.#gatheredBytes = 0;
    this.gatheringSince = 0;
    if (isData) this.#beginData(head);
    else this.#sink.onFrame(head, this.#gathered, frameHeadBytes, whole);
    if (this.#gathered.length > gatherBytes) this.#gathered = nothing;
    return at;
  }

  #add(chunk: Buffer, from: number, to: number): number {
    if (to <= from) return from;
    const bytes = this.#gatheredBytes + to - from;
    if (bytes > this.#gathered.length) {
      const larger = Buffer.allocUnsafe(Math.max(gatherBytes, 2 * this.#gathered.length, bytes));
      this.#gathered.copy(larger, 0, 0, this.#gatheredBytes);
      this.#gathered = larger;
    }
    chunk.copy(this.#gathered, this.#gatheredBytes, from, to);
    this.#gatheredBytes = bytes;
    return to;
  }
}

function tooMuchPadding(): ConnectionError {
  return protocolError("padding longer than its frame");
}
