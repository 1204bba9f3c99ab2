import { ConnectionError, ErrorCode } from "./error-code.js";
import { defaultFrameSize, Flag, frameHeadBytes, FrameType } from "./frame.js";

/** Hears the frames that a {@link FrameReader} finds. Views are valid until the call returns. */
export interface FrameSink {
  /** A part of a DATA frame as it arrives, or all of it; `last` with the frame's end. `windowBytes` counts padding in. */
  onDataPart(stream: number, bytes: Buffer, windowBytes: number, endStream: boolean): void;
  /** Any other frame, whole. */
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
}

const nothing = Buffer.alloc(0);

/**
 * Cuts what arrives into frames, in place. DATA goes on as it comes, without waiting for its frame's end; other frames
 * are gathered where a read splits them, which the frame size bounds.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = Buffer.alloc(frameHeadBytes);
  #headHas = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Payload bytes of the frame at hand that are still to come; -1 between frames. */
  #left = -1;
  #gathered: Buffer | undefined;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Reads no more, not even what is left of the chunk at hand. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes a chunk. Throws a ConnectionError where a frame breaks the rules. */
  push(chunk: Buffer): void {
    let at = 0;
    while (!this.#stopped) {
      if (this.#left < 0) {
        at = this.#readHead(chunk, at);
        if (this.#left < 0) return;
      }
      if (at >= chunk.length && this.#left > 0) return;
      at = this.#readPayload(chunk, at);
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    let head = chunk;
    let from = at;
    if (this.#headHas > 0 || chunk.length - at < frameHeadBytes) {
      const take = Math.min(frameHeadBytes - this.#headHas, chunk.length - at);
      chunk.copy(this.#head, this.#headHas, at, at + take);
      this.#headHas += take;
      at += take;
      if (this.#headHas < frameHeadBytes) return at;
      this.#headHas = 0;
      head = this.#head;
      from = 0;
    } else {
      at += frameHeadBytes;
    }
    const length = head.readUIntBE(from, 3);
    this.#type = head[from + 3] ?? 0;
    this.#flags = head[from + 4] ?? 0;
    this.#stream = head.readUInt32BE(from + 5) & 0x7fffffff;
    if (length > defaultFrameSize)
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
    this.#left = length;
    return at;
  }

  #readPayload(chunk: Buffer, at: number): number {
    const take = Math.min(this.#left, chunk.length - at);
    if (this.#type === FrameType.DATA && (this.#flags & Flag.PADDED) === 0) {
      this.#left -= take;
      const whole = this.#left === 0;
      if (whole) this.#left = -1;
      const end = whole && (this.#flags & Flag.END_STREAM) !== 0;
      this.#sink.onDataPart(this.#stream, take === 0 ? nothing : chunk.subarray(at, at + take), take, end);
      return at + take;
    }
    if (this.#gathered === undefined && take === this.#left) {
      this.#left = -1;
      this.#frame(chunk.subarray(at, at + take));
      return at + take;
    }
    this.#gathered ??= Buffer.allocUnsafe(this.#left);
    chunk.copy(this.#gathered, this.#gathered.length - this.#left, at, at + take);
    this.#left -= take;
    if (this.#left === 0) {
      const payload = this.#gathered;
      this.#gathered = undefined;
      this.#left = -1;
      this.#frame(payload);
    }
    return at + take;
  }

  #frame(payload: Buffer): void {
    if (this.#type !== FrameType.DATA) {
      this.#sink.onFrame(this.#type, this.#flags, this.#stream, payload);
      return;
    }
    const data = unpadded(payload, this.#flags);
    this.#sink.onDataPart(this.#stream, data, payload.length, (this.#flags & Flag.END_STREAM) !== 0);
  }
}

/** A payload without its padding (RFC 9113, section 6.1); refuses padding that is longer than the payload. */
export function unpadded(payload: Buffer, flags: number): Buffer {
  if ((flags & Flag.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "padding longer than its frame");
  }
  return payload.subarray(1, payload.length - padding);
}
