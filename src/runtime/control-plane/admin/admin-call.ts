import { PrismError, statusDetails } from "../../../protocol/index.js";
import {
  encodeGrpcMessage,
  frameMessage,
  HeaderList,
  MessageError,
  MessageReader,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import type { OnBug, ServedMethod } from "./grpc-methods.js";
import type { Guest } from "./guests.js";

/** What of a failure fits in trailers, which many clients take up to 8 KiB of; the message stands in them twice. */
const longestMessage = 2_500;

const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const okTrailers = new HeaderList(["grpc-status", "0"]);

/** What a call is served with. */
export interface AdminCallSettings {
  readonly method: ServedMethod;
  readonly guest: Guest;
  /** The longest message that it may bring, in bytes. */
  readonly mostBytes: number;
  /** How long its message may take to come. */
  readonly withinMs: number;
  readonly onBug: OnBug;
}

/** One call of gRPC: one message in, one or more out. */
export class AdminCall implements StreamListener {
  readonly #stream: Stream;
  readonly #settings: AdminCallSettings;
  readonly #reader: MessageReader;
  readonly #timer: NodeJS.Timeout;
  #message: Buffer | undefined;
  #begun = false;
  #asked = false;

  constructor(stream: Stream, settings: AdminCallSettings) {
    this.#stream = stream;
    this.#settings = settings;
    this.#reader = new MessageReader(settings.mostBytes);
    const { withinMs } = settings;
    const late = `the request did not come within ${withinMs} ms (server.limits.request_ms): send it faster`;
    this.#timer = setTimeout(() => this.#fail(new PrismError("deadlineExceeded", late)), withinMs).unref();
  }

  onHeaders(): void {
    this.#ask();
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    stream.credit(windowBytes);
    if (stream.sendClosed || this.#asked) return;
    try {
      for (const message of this.#reader.push(bytes)) {
        if (this.#message) throw notOne();
        this.#message = message;
      }
      if (endStream) this.#ask();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  onDrain(): void {
    // What waits is held by the wire, and bounded there.
  }

  onClose(): void {
    clearTimeout(this.#timer);
  }

  #ask(): void {
    if (this.#stream.sendClosed || this.#asked) return;
    if (!this.#message || !this.#reader.atBoundary) return this.#fail(notOne());
    this.#asked = true;
    clearTimeout(this.#timer);
    void this.#serve(this.#message);
  }

  async #serve(message: Buffer): Promise<void> {
    const { guest, method } = this.#settings;
    guest.begin();
    try {
      await method.serve(message, (answer) => this.#send(answer));
      if (!this.#stream.sendClosed) this.#stream.sendHeaders(okTrailers, true);
    } catch (reason) {
      this.#fail(reason);
    } finally {
      guest.end();
    }
  }

  #send(message: Uint8Array): void {
    if (this.#stream.sendClosed) return;
    if (!this.#begun) this.#stream.sendHeaders(head, false);
    this.#begun = true;
    this.#stream.sendData(frameMessage(message), false);
  }

  #fail(reason: unknown): void {
    clearTimeout(this.#timer);
    const error = errorFrom(reason);
    if (error.kind === "bug") this.#settings.onBug(this.#settings.method.path, reason);
    refuseCall(this.#stream, error, this.#begun);
  }
}

/** Ends a call with a failure. `begun` = the head of its answer is out. */
export function refuseCall(stream: Stream, error: PrismError, begun = false): void {
  if (stream.sendClosed) return;
  const { kind, code, info, message } = error;
  const isLong = message.length > longestMessage;
  const short = `${message.slice(0, longestMessage)}\n… and more`;
  const told = isLong ? new PrismError(kind, short, { code, info }) : error;
  const status = ["grpc-status", String(code), "grpc-message", encodeGrpcMessage(told.message)];
  const fields = [...status, "grpc-status-details-bin", statusDetails(told)];
  stream.sendHeaders(new HeaderList(begun ? fields : [...head.fields, ...fields]), true);
}

function errorFrom(reason: unknown): PrismError {
  if (!(reason instanceof MessageError)) return PrismError.from(reason);
  return new PrismError(reason.tooLarge ? "overLimit" : "invalidRequest", reason.message);
}

function notOne(): PrismError {
  return new PrismError("invalidRequest", "the call does not carry exactly one message");
}
