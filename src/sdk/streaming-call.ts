import { PrismError } from "../protocol/index.js";
import {
  type ClosedBy,
  frameMessage,
  MessageReader,
  type Stream,
  type StreamListener,
} from "../wire/index.js";
import { CallContext, type CallHead } from "./call-context.js";
import { type Envelope, readEnvelope } from "./envelope.js";
import { Inbox } from "./inbox.js";
import type { StreamingOperation } from "./operation.js";
import { okTrailers, refuse, responseHead } from "./reply.js";
import type { Running, Served, ServedNamespace } from "./served-namespace.js";
import { readMessages } from "./single-message.js";
import { foreseen, paramsOf } from "./unary-call.js";

/** Bytes that may wait for the caller before the operation is slowed down. */
const maxQueuedBytes = 256 * 1024;

const nothing = Buffer.alloc(0);

/** StreamResponse{is_final: true}: the end of every stream that ends in order. */
const finalMessage = frameMessage(Buffer.from([0x18, 0x01]));

/** One ExecuteStream: the first message names the operation, and every message that carries parameters is one request. */
export class StreamingCall implements StreamListener, Running {
  readonly #served: ServedNamespace;
  readonly #head: CallHead;
  readonly #stream: Stream;
  readonly #reader: MessageReader;
  readonly #inbox: Inbox;
  #found: Served<StreamingOperation> | undefined;
  #context: CallContext | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(
    stream: Stream,
    served: ServedNamespace,
    { head, maxBytes }: { head: CallHead; maxBytes: number },
  ) {
    this.#stream = stream;
    this.#served = served;
    this.#head = head;
    this.#reader = new MessageReader(maxBytes);
    this.#inbox = new Inbox((bytes) => stream.credit(bytes));
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    if (stream.sendClosed) {
      stream.credit(windowBytes);
      return;
    }
    try {
      for (const message of readMessages(this.#reader, bytes)) this.#take(message);
      this.#inbox.account(windowBytes);
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
    refuse(this.#stream, reason, this.#found !== undefined);
    this.#drained?.();
  }

  #cancel(reason: PrismError): void {
    this.#context?.cancel(reason);
    this.#inbox.fail(reason);
  }

  #endOfRequests(): void {
    if (!this.#found || !this.#reader.atBoundary) {
      throw new PrismError("invalidRequest", "the stream ended before a whole message had come");
    }
    this.#inbox.end();
  }

  #take(message: Buffer): void {
    const envelope = envelopeOf(message);
    this.#found ??= this.#begin(envelope.operation);
    if (envelope.params !== "none") this.#inbox.put(paramsOf(this.#found.operation, envelope, message));
  }

  #begin(operation: string): Served<StreamingOperation> {
    const found = this.#served.streaming(operation);
    const context = new CallContext(this.#head, operation, { log: this.#served.log });
    this.#context = context;
    this.#served.begin();
    this.#served.remember(this);
    const { deadline } = this.#head;
    if (deadline !== undefined) {
      const late = new PrismError("deadlineExceeded", `"${operation}" took longer than its deadline`);
      this.#deadline = setTimeout(() => this.cut(late), Math.max(0, deadline - Date.now()));
    }
    this.#stream.sendHeaders(responseHead, false);
    void this.#run(found, context);
    return found;
  }

  async #run({ operation, writer }: Served<StreamingOperation>, context: CallContext): Promise<void> {
    const begunAt = performance.now();
    let failed = false;
    try {
      for await (const result of operation.run(this.#inbox, context)) {
        if (this.#stream.sendClosed) break;
        const { head, body } = writer.wrap(result);
        this.#stream.sendData(head, false);
        if (body.length > 0) this.#stream.sendData(body, false);
        if (this.#stream.queuedBytes > maxQueuedBytes) await this.#untilDrained();
      }
      failed = context.cancelled;
      if (!this.#stream.sendClosed) this.#stream.sendData(finalMessage, false);
      if (!this.#stream.sendClosed) this.#stream.sendHeaders(okTrailers, true);
    } catch (reason) {
      failed = true;
      refuse(this.#stream, foreseen(reason, context.cancelled, this.#served), true);
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

function envelopeOf(message: Buffer): Envelope {
  try {
    return readEnvelope(message, 0, message.length);
  } catch (cause) {
    throw new PrismError(
      "invalidRequest",
      "the message is no prism.plugin.StreamRequest: it does not parse",
      {
        cause,
      },
    );
  }
}
