import { PrismError } from "../protocol/index.js";
import { type ClosedBy, MessageReader, type Stream, type StreamListener } from "../wire/index.js";
import { CallContext, type CallHead } from "./call-context.js";
import { Inbox } from "./inbox.js";
import type { StreamingOperation } from "./operation.js";
import { okTrailers, refuse, responseHead } from "./reply.js";
import type { Running, ServedNamespace } from "./served-namespace.js";
import { readMessages } from "./single-message.js";
import { foreseen } from "./unary-call.js";

/** Bytes that may wait for the caller before the operation is slowed down. */
const maxQueuedBytes = 256 * 1024;

const nothing = Buffer.alloc(0);

/** What a call of many messages is made with. */
export interface MessageCallSettings {
  readonly served: ServedNamespace;
  readonly head: CallHead;
  readonly maxBytes: number;
}

/** A call of many messages both ways: those that come are read one by one, those that are answered wait for the reader. */
export abstract class MessageCall implements StreamListener, Running {
  place = -1;
  protected readonly stream: Stream;
  protected readonly inbox: Inbox;
  readonly #served: ServedNamespace;
  readonly #head: CallHead;
  readonly #reader: MessageReader;
  #context: CallContext | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(stream: Stream, { served, head, maxBytes }: MessageCallSettings) {
    this.stream = stream;
    this.#served = served;
    this.#head = head;
    this.#reader = new MessageReader(maxBytes);
    this.inbox = new Inbox((bytes) => stream.credit(bytes));
  }

  /** A whole message has come; its bytes are the taker's. */
  protected abstract take(message: Buffer): void;
  /** Sends one result. */
  protected abstract send(result: Uint8Array): void;
  /** Sends what stands behind the last result. */
  protected abstract sendEnd(): void;

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    if (stream.sendClosed) {
      stream.credit(windowBytes);
      return;
    }
    try {
      for (const message of readMessages(this.#reader, bytes)) this.take(message);
      this.inbox.account(windowBytes);
      if (endStream) this.#endOfRequests();
    } catch (reason) {
      this.cut(PrismError.from(reason));
    }
  }

  onHeaders(stream: Stream, _trailers: unknown, endStream: boolean): void {
    if (endStream) this.onData(stream, nothing, 0, true);
  }

  onDrain(stream: Stream): void {
    if (stream.queuedBytes <= maxQueuedBytes) this.#drained?.();
  }

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    this.#drained?.();
    if (by !== "end") this.#cancel(new PrismError("cancelled", "the caller has left"));
  }

  cut(reason: PrismError): void {
    this.#cancel(reason);
    refuse(this.stream, reason, this.#context !== undefined);
    this.#drained?.();
  }

  /** Runs the operation from here on. Called once. */
  protected begin(name: string, run: StreamingOperation["run"]): void {
    const context = new CallContext(this.#head, name, { log: this.#served.log });
    this.#context = context;
    this.#served.begin();
    this.#served.remember(this);
    const { deadline } = this.#head;
    if (deadline !== undefined) {
      const late = new PrismError("deadlineExceeded", `"${name}" took longer than its deadline`);
      this.#deadline = setTimeout(() => this.cut(late), Math.max(0, deadline - Date.now()));
    }
    this.stream.sendHeaders(responseHead, false);
    void this.#run(run, context);
  }

  #cancel(reason: PrismError): void {
    this.#context?.cancel(reason);
    this.inbox.fail(reason);
  }

  #endOfRequests(): void {
    if (!this.#context || !this.#reader.atBoundary) {
      throw new PrismError("invalidRequest", "the stream ended before a whole message had come");
    }
    this.inbox.end();
  }

  async #run(run: StreamingOperation["run"], context: CallContext): Promise<void> {
    const begunAt = performance.now();
    let failed = false;
    try {
      for await (const result of run(this.inbox, context)) {
        if (this.stream.sendClosed) break;
        this.send(result);
        if (this.stream.queuedBytes > maxQueuedBytes) await this.#untilDrained();
      }
      failed = context.cancelled;
      if (!this.stream.sendClosed) this.sendEnd();
      if (!this.stream.sendClosed) this.stream.sendHeaders(okTrailers, true);
    } catch (reason) {
      failed = true;
      refuse(this.stream, foreseen(reason, context.cancelled, this.#served), true);
    } finally {
      clearTimeout(this.#deadline);
      this.#served.forget(this);
      this.#served.end(performance.now() - begunAt, failed);
    }
  }

  async #untilDrained(): Promise<void> {
    await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#drained = undefined;
  }
}
