import { grpcHeaderBytes, PrismError } from "../../../protocol/index.js";
import { encodingNotTold } from "../common/message-failures.js";
import { type Encoding, inflateAtOnce } from "../common/encoding.js";

const compressedFlag = 1;
const nothing = Buffer.alloc(0);

/**
 * The messages of a call that Prism answers itself, taken one by one as they are answered. What waits is bytes in one
 * buffer: many tiny messages, or pieces of them, cost no more than they weigh.
 */
export class RequestMessages {
  readonly #encoding: Encoding | undefined;
  readonly #most: number;
  #bytes = nothing;
  #from = 0;
  #to = 0;

  /** Messages of more than `most` bytes, which is `server.limits.local_message_bytes`, are refused, inflated too. */
  constructor(encoding: Encoding | undefined, most: number) {
    this.#encoding = encoding;
    this.#most = most;
  }

  /** Everything that has come has been taken. */
  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  /** Keeps a copy of more bytes. */
  push(bytes: Buffer): void {
    if (this.#to + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#to += bytes.copy(this.#bytes, this.#to);
  }

  /** The next message, where all of it has come. Throws where it is too large, or does not inflate. */
  next(): Buffer | undefined {
    const has = this.#to - this.#from;
    if (has < grpcHeaderBytes) return undefined;
    const flag = this.#bytes[this.#from] ?? 0;
    const length = this.#bytes.readUInt32BE(this.#from + 1);
    if (length > this.#most) throw tooLarge(this.#most);
    if (has < grpcHeaderBytes + length) return undefined;
    const begin = this.#from + grpcHeaderBytes;
    this.#from = begin + length;
    const message = Buffer.from(this.#bytes.subarray(begin, this.#from));
    if (this.isEmpty) this.#forget();
    return flag === 0 ? message : this.#inflate(flag, message);
  }

  #inflate(flag: number, message: Buffer): Buffer {
    if (flag !== compressedFlag || !this.#encoding) throw encodingNotTold();
    const inflated = inflateAtOnce(message, this.#encoding, this.#most);
    if (!inflated) throw tooLarge(this.#most);
    return inflated;
  }

  #forget(): void {
    this.#bytes = nothing;
    this.#from = this.#to = 0;
  }

  #makeRoom(more: number): void {
    const waiting = this.#bytes.subarray(this.#from, this.#to);
    const room = Buffer.allocUnsafe(2 * (waiting.length + more));
    waiting.copy(room);
    this.#bytes = room;
    this.#from = 0;
    this.#to = waiting.length;
  }
}

function tooLarge(most: number): PrismError {
  const limit = "server.limits.local_message_bytes";
  const message = `a message that Prism itself answers may have ${most} bytes (${limit}): send a shorter one`;
  return new PrismError("overLimit", message, { info: { limit } });
}
