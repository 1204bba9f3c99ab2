import { Code, PrismError } from "../protocol/index.js";
import { type ClosedBy, messageHeadBytes, type Stream, type StreamListener } from "../wire/index.js";
import { failureAnswer } from "./answer.js";
import { CallContext, type CallHead } from "./call-context.js";
import { type Envelope, readEnvelope } from "./envelope.js";
import { reasonFields } from "./json-log.js";
import type { UnaryOperation } from "./operation.js";
import { PluginError } from "./plugin-error.js";
import { failureTrailers, okTrailers, refuse, reply, responseHead } from "./reply.js";
import type { Running, Served, ServedNamespace } from "./served-namespace.js";
import { isWholeMessage, SingleMessage } from "./single-message.js";

const nothing = Buffer.alloc(0);

/**
 * One Execute. A message that comes in one piece is read where it lies, and an operation that answers at once is
 * answered within the event: no copy, no promise, no timer.
 */
export class UnaryCall implements StreamListener, Running {
  place = -1;
  readonly #served: ServedNamespace;
  readonly #head: CallHead;
  readonly #maxBytes: number;
  #parts: SingleMessage | undefined;
  #context: CallContext | undefined;
  #stream: Stream | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #begunAt = 0;

  constructor(served: ServedNamespace, head: CallHead, maxBytes: number) {
    this.#served = served;
    this.#head = head;
    this.#maxBytes = maxBytes;
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

  onDrain(): void {}

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    if (by !== "end") this.#context?.cancel(new PrismError("cancelled", "the caller has left"));
  }

  /** Ends a call that is still running; its operation is told, and what it answers is dropped. */
  cut(reason: PrismError): void {
    this.#context?.cancel(reason);
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
    const context = new CallContext(this.#head, envelope.operation, { log: this.#served.log, request });
    const result = found.operation.run(owned, context);
    if (result instanceof Uint8Array) this.#answer(stream, found, result);
    else this.#await(stream, found, { result, context });
  }

  /** The operation answers later: from here on it can be cancelled. */
  #await(
    stream: Stream,
    found: Served<UnaryOperation>,
    { result, context }: { result: Promise<Uint8Array>; context: CallContext },
  ): void {
    context.detach();
    this.#context = context;
    this.#stream = stream;
    this.#served.remember(this);
    const { deadline } = this.#head;
    if (deadline !== undefined) {
      const late = new PrismError("deadlineExceeded", `"${context.operation}" took longer than its deadline`);
      this.#deadline = setTimeout(() => this.cut(late), Math.max(0, deadline - Date.now()));
    }
    result.then(
      (answer) => this.#answer(stream, found, answer),
      (reason: unknown) => this.#fail(stream, reason),
    );
  }

  #answer(stream: Stream, { writer }: Served<UnaryOperation>, result: Uint8Array): void {
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
  }

  #fail(stream: Stream, reason: unknown): void {
    this.#end(true);
    const error = foreseen(reason, this.#context?.cancelled ?? false, this.#served);
    if (!stream.sendClosed) reply(stream, failureAnswer(error), failureTrailers(error.code));
  }

  #end(failed: boolean): void {
    this.#served.end(performance.now() - this.#begunAt, failed);
    if (!this.#stream) return;
    clearTimeout(this.#deadline);
    this.#served.forget(this);
  }
}

/** What an operation threw, as an error for the caller. What nobody foresaw is logged, and told without its details. */
export function foreseen(reason: unknown, cancelled: boolean, { log, name }: ServedNamespace): PrismError {
  if (reason instanceof PrismError) return reason;
  if (cancelled) return new PrismError("cancelled", "the call was cancelled", { cause: reason });
  log.error("an operation threw what it did not foresee", { namespace: name, ...reasonFields(reason) });
  return new PrismError("bug", "the plugin failed in a way it did not foresee; its log has the details");
}

/** An ExecuteRequest from an offset on; as a view it is valid only during the event. */
interface Message {
  readonly bytes: Buffer;
  readonly from: number;
  readonly isView: boolean;
}

function envelopeOf({ bytes, from }: Message): Envelope {
  try {
    return readEnvelope(bytes, from, bytes.length);
  } catch (cause) {
    throw new PrismError(
      "invalidRequest",
      "the message is no prism.plugin.ExecuteRequest: it does not parse",
      {
        cause,
      },
    );
  }
}

/** The operation's parameters where they lie. No parameters are an empty message. */
export function paramsOf(
  { takes }: { readonly takes: string },
  { operation, params, typeUrl, start, end }: Envelope,
  message: Buffer,
): Buffer {
  const fits = takes === "bytes" ? params !== "typed" : params !== "raw" && isUrlOf(typeUrl, takes);
  if (fits || params === "none") return message.subarray(start, end);
  const wanted = takes === "bytes" ? "bytes as raw_params" : `a ${takes} as typed_params`;
  const got = params === "raw" ? "raw_params" : `a "${typeUrl}"`;
  throw new PluginError(Code.INVALID_ARGUMENT, `the operation "${operation}" takes ${wanted}, not ${got}`);
}

function isUrlOf(typeUrl: string, typeName: string): boolean {
  return (
    typeUrl.length > typeName.length && typeUrl.endsWith(typeName) && typeUrl.at(-typeName.length - 1) === "/"
  );
}
