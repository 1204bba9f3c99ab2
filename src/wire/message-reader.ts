import { Gathered } from "./gathered.js";

/** Bytes before each gRPC message: a flag that says whether it is compressed, and its length. */
export const messageHeadBytes = 5;

/** One gRPC message around a payload. */
export function frameMessage(payload: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(messageHeadBytes + payload.length);
  framed[0] = 0;
  framed.writeUInt32BE(payload.length, 1);
  framed.set(payload, messageHeadBytes);
  return framed;
}

/** A message that breaks the framing, or a limit. */
export class MessageError extends Error {
  readonly tooLarge: boolean;

  constructor(message: string, tooLarge = false) {
    super(message);
    this.name = "MessageError";
    this.tooLarge = tooLarge;
  }
}

/**
 * Cuts DATA into gRPC messages, whatever the boundaries of frames. Nothing is allocated by an announced length: room grows
 * with what comes, and pieces of a byte take no more of it than others. Messages are copies, and may be kept.
 */
export class MessageReader {
  readonly #most: number;
  readonly #come = new Gathered();
  #needs = messageHeadBytes;
  #inHead = true;

  /** Messages of more bytes are refused; 0 = any size. */
  constructor(mostBytes = 0) {
    this.#most = mostBytes;
  }

  /** True between messages: an end here is in order, anywhere else it cuts a message short. */
  get atBoundary(): boolean {
    return this.#inHead && this.#come.length === 0;
  }

  /** Takes bytes and gives the messages that they complete. Throws a MessageError. */
  push(bytes: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    for (let at = 0; at < bytes.length || this.#needs === 0;) {
      const end = Math.min(bytes.length, at + this.#needs - this.#come.length);
      this.#come.push(bytes.subarray(at, end), this.#needs);
      at = end;
      if (this.#come.length < this.#needs) break;
      const whole = this.#come.take();
      if (this.#inHead) this.#readHead(whole);
      else {
        messages.push(whole);
        this.#inHead = true;
        this.#needs = messageHeadBytes;
      }
    }
    return messages;
  }

  #readHead(head: Buffer): void {
    if (head[0] !== 0) throw new MessageError("a compressed message without grpc-encoding");
    const length = head.readUInt32BE(1);
    if (this.#most > 0 && length > this.#most) {
      throw new MessageError(`a message of ${length} bytes; at most ${this.#most} are taken`, true);
    }
    this.#inHead = false;
    this.#needs = length;
  }
}
