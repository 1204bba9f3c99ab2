import { Code, PrismError } from "../protocol/index.js";
import {
  type ClosedBy,
  ErrorCode,
  messageHeadBytes,
  type Stream,
  type StreamListener,
} from "../wire/index.js";
import { failureAnswer } from "./answer.js";
import { sizeOfAnswer, smallAnswerBytes } from "./answer-size.js";
import { CallContext, type CallHead } from "./call-context.js";
import type { Envelope } from "./envelope.js";
import { envelopeOf, type Message, paramsOf } from "./execute-message.js";
import { foreseen } from "./foreseen.js";
import type { AnswerGate, UnaryOperation } from "./operation.js";
import { PluginError } from "./plugin-error.js";
import { failureTrailers, okTrailers, refuse, reply, responseHead } from "./reply.js";
import type { Running, Served, ServedNamespace } from "./served-namespace.js";
import { isWholeMessage, SingleMessage } from "./single-message.js";
import { type ConnectionAnswers, noMoreWait, type Sending, type Waiting } from "./unsent-answers.js";

const nothing = Buffer.alloc(0);

/** What a call holds that waits, beside its parameters. */
const bytesOfCall = 1024;

/** Thrown at an answer that has to be made later. */
const noRoom = new Error("there is no room for the answer");

/**
 * One Execute. A message that comes in one piece is read where it lies, and an operation that answers at once is
 * answered within the event: no copy, no promise, no timer.
 */
export class UnaryCall implements StreamListener, Running, AnswerGate, Waiting, Sending {
  place = -1;
  heldBytes = 0;
  readonly #served: ServedNamespace;
  readonly #head: CallHead;
  readonly #maxBytes: number;
  #parts: SingleMessage | undefined;
  #context: CallContext | undefined;
  #stream: Stream | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #begunAt = 0;
  readonly #answers: ConnectionAnswers;
  #operation: UnaryOperation | undefined;
  /** What is run once there is room for its answer. */
  #later: Prepared | undefined;
  /** Its answer is made whatever waits: its turn has come. */
  #isDue = false;
  /** Counted for an answer that is to come. */
  #reserved = 0;
  #isSending = false;

  constructor(
    served: ServedNamespace,
    head: CallHead,
    { maxBytes, answers }: { readonly maxBytes: number; readonly answers: ConnectionAnswers },
  ) {
    this.#served = served;
    this.#head = head;
    this.#maxBytes = maxBytes;
    this.#answers = answers;
  }

  get unsentBytes(): number {
    return this.#stream?.queuedBytes ?? 0;
  }

  /** What is small leaves at once and is always answered; what is large waits where too much does already, or was made in this turn. */
  admit(answer: unknown): void {
    if (this.#isDue || !this.#operation?.isRead) return;
    // What a backend was waited for is not asked for twice to spare a turn.
    const isSpent = this.#stream === undefined && this.#answers.isSpent;
    if (!isSpent && !this.#answers.isFull) return;
    if (sizeOfAnswer(answer) > smallAnswerBytes) throw noRoom;
  }

  proceed(): void {
    const [stream, context, later] = [this.#stream, this.#context, this.#later];
    this.#later = undefined;
    if (stream === undefined || context === undefined || later === undefined) return;
    this.#isDue = true;
    try {
      this.#start(stream, later, context);
    } catch (reason) {
      this.#fail(stream, reason);
    }
  }

  giveUp(): void {
    this.#stream?.reset(ErrorCode.ENHANCE_YOUR_CALM);
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    stream.credit(windowBytes);
    if (stream.sendClosed) return;
    try {
      if (endStream && !this.#parts && isWholeMessage(bytes, this.#maxBytes)) {
        this.#execute(stream, { bytes, from: messageHeadBytes, isView: true });
        return;
      }
      this.#parts ??= new SingleMessage(this.#maxBytes);
      this.#parts.add(bytes);
      if (endStream) this.#execute(stream, { bytes: this.#parts.take(), from: 0, isView: false });
    } catch (reason) {
      refuse(stream, PrismError.from(reason));
    }
  }

  onHeaders(stream: Stream, _trailers: unknown, endStream: boolean): void {
    if (endStream) this.onData(stream, nothing, 0, true);
  }

  onDrain(stream: Stream): void {
    if (this.#isSending && stream.queuedBytes === 0) this.#sent();
  }

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    if (this.#isSending) this.#sent();
    if (by === "end") return;
    this.#context?.cancel(new PrismError("cancelled", "the caller has left"));
    this.#waitNoMore();
  }

  /** Ends a call that is still running; its operation is told, and what it answers is dropped. */
  cut(reason: PrismError): void {
    this.#context?.cancel(reason);
    this.#waitNoMore();
    if (this.#stream) refuse(this.#stream, reason);
  }

  #execute(stream: Stream, message: Message): void {
    const envelope = envelopeOf(message);
    this.#begunAt = performance.now();
    this.#served.begin();
    try {
      const found = this.#served.unary(envelope.operation);
      this.#run(stream, found, { message, envelope });
    } catch (reason) {
      this.#fail(stream, reason);
    }
  }

  #run(
    stream: Stream,
    found: Served<UnaryOperation>,
    { message, envelope }: { message: Message; envelope: Envelope },
  ): void {
    const { bytes, from, isView } = message;
    const params = paramsOf(found.operation, envelope, bytes);
    const owned = isView && found.operation.keepsBytes ? Uint8Array.prototype.slice.call(params) : params;
    const request = envelope.hasMetadata ? bytes.subarray(from) : undefined;
    const { log, answerBytes } = this.#served;
    const context = new CallContext(this.#head, envelope.operation, { log, answerBytes, request });
    this.#operation = found.operation;
    const prepared = { found, params: owned, isView: isView && owned === params };
    if (this.#mustWait(found.operation)) this.#wait(stream, prepared, context);
    else this.#start(stream, prepared, context);
  }

  #start(stream: Stream, prepared: Prepared, context: CallContext): void {
    const { found, params } = prepared;
    let result;
    try {
      result = found.operation.run(params, context, this);
    } catch (reason) {
      if (reason !== noRoom) throw reason;
      this.#wait(stream, prepared, context);
      return;
    }
    if (result instanceof Uint8Array) this.#answer(stream, found, result);
    else this.#await(stream, prepared, { result, context });
  }

  /** The operation answers later: from here on it can be cancelled. */
  #await(
    stream: Stream,
    prepared: Prepared,
    { result, context }: { result: Promise<Uint8Array>; context: CallContext },
  ): void {
    const { found } = prepared;
    const kept = found.operation.isRead ? keep(prepared) : prepared;
    this.#outlive(stream, context);
    this.#reserve(this.#served.largeAnswerOf(found.operation));
    result.then(
      (answer) => this.#answer(stream, found, answer),
      (reason: unknown) => {
        this.#reserve(0);
        if (reason === noRoom && !context.cancelled) this.#wait(stream, kept, context);
        else this.#fail(stream, reason);
      },
    );
  }

  /** Whether it must not run yet: what it answers is likely large, and cannot be dropped. */
  #mustWait(operation: UnaryOperation): boolean {
    return this.#answers.isFull && !operation.isRead && this.#served.largeAnswerOf(operation) > 0;
  }

  /** Waits until there is room for what it answers. */
  #wait(stream: Stream, prepared: Prepared, context: CallContext): void {
    this.#outlive(stream, context);
    const later = (this.#later = keep(prepared));
    this.heldBytes = later.params.length + bytesOfCall;
    if (this.#answers.wait(this)) return;
    this.#later = undefined;
    this.#fail(stream, noMoreWait());
  }

  #waitNoMore(): void {
    if (this.#later === undefined) return;
    this.#later = undefined;
    this.#answers.forget(this);
    this.#end(true);
  }

  /** It goes on behind the event in which it came, and ends at its deadline. */
  #outlive(stream: Stream, context: CallContext): void {
    if (this.#stream !== undefined) return;
    context.detach();
    this.#context = context;
    this.#stream = stream;
    this.#served.remember(this);
    const { deadline } = this.#head;
    if (deadline === undefined) return;
    const late = new PrismError("deadlineExceeded", `"${context.operation}" took longer than its deadline`);
    this.#deadline = setTimeout(() => this.cut(late), Math.max(0, deadline - Date.now()));
  }

  /** Counts so many bytes of an answer that is to come, instead of those before. */
  #reserve(bytes: number): void {
    if (bytes > 0) this.#answers.take(bytes);
    if (this.#reserved > 0) this.#answers.give(this.#reserved);
    this.#reserved = bytes;
  }

  #sent(): void {
    this.#isSending = false;
    this.#answers.sent(this);
  }

  #answer(stream: Stream, { writer, operation }: Served<UnaryOperation>, result: Uint8Array): void {
    if (result.length > this.#maxBytes) {
      this.#fail(stream, answerOver(result.length, this.#maxBytes));
      return;
    }
    this.#end(this.#context?.cancelled ?? false);
    if (stream.sendClosed) return;
    const { head, body } = writer.wrap(result);
    if (body.length === 0) {
      reply(stream, head);
      return;
    }
    stream.sendHeaders(responseHead, false);
    stream.sendData(head, false);
    stream.sendData(body, false);
    stream.sendHeaders(okTrailers, true);
    if (result.length > smallAnswerBytes) {
      this.#served.answeredLargely(operation, result.length);
      this.#answers.made(result.length);
    }
    if (stream.queuedBytes === 0) return;
    this.#stream = stream;
    this.#isSending = true;
    this.#answers.sends(this);
  }

  #fail(stream: Stream, reason: unknown): void {
    this.#end(true);
    const error = foreseen(reason, this.#context?.cancelled ?? false, this.#served);
    if (!stream.sendClosed) reply(stream, failureAnswer(error), failureTrailers(error.code));
  }

  #end(failed: boolean): void {
    this.#served.end(performance.now() - this.#begunAt, failed);
    if (!this.#stream) return;
    this.#reserve(0);
    clearTimeout(this.#deadline);
    this.#served.forget(this);
  }
}

/** An operation with its parameters, which may lie in a view that is valid only during the event. */
interface Prepared {
  readonly found: Served<UnaryOperation>;
  readonly params: Uint8Array;
  readonly isView: boolean;
}

/** With parameters that outlive the event. */
function keep({ found, params, isView }: Prepared): Prepared {
  return { found, params: isView ? Uint8Array.prototype.slice.call(params) : params, isView: false };
}

function answerOver(bytes: number, most: number): PluginError {
  const message = `the answer has ${bytes} bytes, and at most ${most} are sent: ask for less at once`;
  return new PluginError(Code.RESOURCE_EXHAUSTED, message);
}
