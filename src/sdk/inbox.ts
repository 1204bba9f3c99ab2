/** Bytes of whole messages that may wait for the operation before the sender is slowed down. */
const maxWaitingBytes = 256 * 1024;

/**
 * Messages on their way to an operation that reads them one by one. Receive window is given back as the operation
 * reads, so a sender that is faster than the operation waits.
 */
export class Inbox implements AsyncIterable<Uint8Array> {
  readonly #credit: (bytes: number) => void;
  readonly #waiting: Uint8Array[] = [];
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
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
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
      const message = this.#waiting.shift();
      if (message) {
        this.#waitingBytes -= message.length;
        this.#release();
        yield message;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #release(): void {
    if (this.#withheld === 0 || this.#waitingBytes > maxWaitingBytes) return;
    const bytes = this.#withheld;
    this.#withheld = 0;
    this.#credit(bytes);
  }
}
