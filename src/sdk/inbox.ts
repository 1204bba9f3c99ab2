import { PackedMessages } from "./packed-messages.js";

/** What a message that waits costs beside its bytes. */
const messageOverhead = 128;
/** Messages of fewer bytes are packed when they have to wait: alone they would take more than they hold. */
const packedBytes = 1024;

/** Bytes of whole messages that may wait for the operation before the sender is slowed down. */
const maxWaitingBytes = 256 * 1024;

/**
 * Messages on their way to an operation that reads them one by one. Receive window is given back as the operation
 * reads, so a sender that is faster than the operation waits.
 */
export class Inbox implements AsyncIterable<Uint8Array> {
  readonly #credit: (bytes: number) => void;
  readonly #waiting: (Uint8Array | PackedMessages)[] = [];
  #waitingBytes = 0;
  #withheld = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(credit: (bytes: number) => void) {
    this.#credit = credit;
  }

  /** Takes one message; its bytes are the inbox's. */
  put(message: Uint8Array): void {
    const last = this.#waiting.at(-1);
    if (message.length >= packedBytes || last === undefined) this.#waiting.push(message);
    else if (!(last instanceof PackedMessages && last.add(message)))
      this.#waiting.push(new PackedMessages(message));
    this.#waitingBytes += message.length + messageOverhead;
    this.#wake?.();
  }

  /** Gives so much window back: now, or when the operation has caught up. */
  account(windowBytes: number): void {
    this.#withheld += windowBytes;
    this.#release();
  }

  /** Nothing more will come; what waits is still read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Reading throws this from now on. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const message = this.#next();
      if (message) {
        this.#waitingBytes -= message.length + messageOverhead;
        this.#release();
        yield message;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #next(): Uint8Array | undefined {
    const first = this.#waiting[0];
    const isPacked = first instanceof PackedMessages;
    const message = isPacked ? first.next() : first;
    if (!isPacked || first.isEmpty) this.#waiting.shift();
    return message;
  }

  #release(): void {
    if (this.#withheld === 0 || this.#waitingBytes > maxWaitingBytes) return;
    const bytes = this.#withheld;
    this.#withheld = 0;
    this.#credit(bytes);
  }
}
