import { PrismError } from "../protocol/index.js";
import { type ClosedBy, ErrorCode, MessageReader, type Stream, type StreamListener } from "../wire/index.js";
import { CallContext, type CallHead } from "./call-context.js";
import { Inbox } from "./inbox.js";
import { smallAnswerBytes } from "./answer-size.js";
import type { Operation, StreamingOperation } from "./operation.js";
import { okTrailers, refuse, responseHead } from "./reply.js";
import type { Running, ServedNamespace } from "./served-namespace.js";
import { readMessages } from "./single-message.js";
import { type ConnectionAnswers, noMoreWait, type Sending, type Waiting } from "./unsent-answers.js";
import { foreseen } from "./foreseen.js";

/** Bytes that may wait for the caller before the operation is slowed down. */
const maxQueuedBytes = 256 * 1024;

const nothing = Buffer.alloc(0);

/** What a call of many messages is made with. */
export interface MessageCallSettings {
  readonly served: ServedNamespace;
  readonly head: CallHead;
  readonly maxBytes: number;
  readonly answers: ConnectionAnswers;
}

/** A call of many messages both ways: those that come are read one by one, those that are answered wait for the reader. */
export abstract class MessageCall implements StreamListener, Running, Waiting, Sending {
  place = -1;
  readonly heldBytes = 1024;
  protected readonly stream: Stream;
  protected readonly inbox: Inbox;
  readonly #served: ServedNamespace;
  readonly #head: CallHead;
  readonly #reader: MessageReader;
  #context: CallContext | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #answers: ConnectionAnswers;
  #drained: (() => void) | undefined;
  #isSending = false;

  constructor(stream: Stream, { served, head, maxBytes, answers }: MessageCallSettings) {
    this.#answers = answers;
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

  get unsentBytes(): number {
    return this.stream.queuedBytes;
  }

  proceed(): void {
    this.#drained?.();
  }

  giveUp(): void {
    this.stream.reset(ErrorCode.ENHANCE_YOUR_CALM);
  }

  onDrain(stream: Stream): void {
    if (stream.queuedBytes <= this.#mostQueued) this.#drained?.();
    if (this.#isSending && stream.queuedBytes === 0) this.#sent();
  }

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    this.#letGo();
    if (by !== "end") this.#cancel(new PrismError("cancelled", "the caller has left"));
  }

  cut(reason: PrismError): void {
    this.#cancel(reason);
    refuse(this.stream, reason, this.#context !== undefined);
    this.#letGo();
  }

  /** Runs the operation from here on. Called once. */
  protected begin(name: string, operation: Operation, run: StreamingOperation["run"]): void {
    const { log, answerBytes } = this.#served;
    const context = new CallContext(this.#head, name, { log, answerBytes });
    this.#context = context;
    this.#served.begin();
    this.#served.remember(this);
    const { deadline } = this.#head;
    if (deadline !== undefined) {
      const late = new PrismError("deadlineExceeded", `"${name}" took longer than its deadline`);
      this.#deadline = setTimeout(() => this.cut(late), Math.max(0, deadline - Date.now()));
    }
    this.stream.sendHeaders(responseHead, false);
    void this.#run(operation, run, context);
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

  async #run(operation: Operation, run: StreamingOperation["run"], context: CallContext): Promise<void> {
    const begunAt = performance.now();
    let failed = false;
    try {
      if (this.#answers.isFull && this.#served.largeAnswerOf(operation) > 0) await this.#untilRoom();
      for await (const result of run(this.inbox, context)) {
        if (this.stream.sendClosed) break;
        this.send(result);
        if (result.length > smallAnswerBytes) this.#served.answeredLargely(operation, result.length);
        if (this.stream.queuedBytes > 0) this.#sends();
        if (this.stream.queuedBytes > this.#mostQueued) await this.#untilDrained();
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

  /** Where too much waits already, the next result waits until the one before has left. */
  get #mostQueued(): number {
    return this.#answers.isFull ? 0 : maxQueuedBytes;
  }

  /** Waits until what was answered before has been taken. */
  async #untilRoom(): Promise<void> {
    if (!this.#answers.wait(this)) throw noMoreWait();
    await this.#untilDrained();
  }

  #sends(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#answers.sends(this);
  }

  #sent(): void {
    this.#isSending = false;
    this.#answers.sent(this);
  }

  /** Nobody waits for it any more: it neither. */
  #letGo(): void {
    this.#answers.forget(this);
    if (this.#isSending) this.#sent();
    this.#drained?.();
  }

  async #untilDrained(): Promise<void> {
    await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#drained = undefined;
  }
}
