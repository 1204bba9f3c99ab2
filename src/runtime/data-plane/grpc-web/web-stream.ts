import { PrismError } from "../../../protocol/index.js";
import {
  type ClosedBy,
  ErrorCode,
  type HeaderList,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import { deaf } from "../common/deaf.js";
import { failureAnswer, failureTrailers } from "../common/refusal.js";
import { Base64Reader, toBase64 } from "./base64.js";
import { trailersMessage } from "./web-headers.js";
import type { WebRequest } from "./web-request.js";

const nothing = Buffer.alloc(0);

/**
 * A gRPC call's stream that is carried by an exchange of gRPC-Web: messages pass as they are or as base64, and the
 * trailers become the last message. So a page's call takes the same path as any other, flow control included.
 */
export class WebStream implements Stream, StreamListener {
  listener: StreamListener = deaf;
  readonly #carrier: Stream;
  readonly #request: WebRequest;
  readonly #reader: Base64Reader | undefined;
  #begun = false;
  /** The call's bytes that wait in the carrier, where it counts them as base64. */
  #waiting = 0;

  constructor(carrier: Stream, request: WebRequest) {
    this.#carrier = carrier;
    this.#request = request;
    if (request.form.isTextIn) this.#reader = new Base64Reader();
  }

  get id(): number {
    return this.#carrier.id;
  }

  get sendClosed(): boolean {
    return this.#carrier.sendClosed;
  }

  get queuedBytes(): number {
    return this.#carrier.queuedBytes;
  }

  sendHeaders(headers: HeaderList, endStream: boolean): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#carrier.sendHeaders(this.#request.answerHead(headers), endStream);
    } else if (endStream) this.#send(trailersMessage(headers), true);
  }

  sendData(bytes: Uint8Array, endStream: boolean): number {
    return this.#send(bytes, endStream);
  }

  sendRange(bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    return this.sendData(bytes.subarray(start, end), endStream);
  }

  reset(code: number): void {
    this.#carrier.reset(code);
  }

  credit(bytes: number): void {
    this.#carrier.credit(bytes);
  }

  onHeaders(carrier: Stream): void {
    this.onData(carrier, nothing, 0, true);
  }

  onData(_carrier: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    const reader = this.#reader;
    if (reader === undefined) return this.listener.onData(this, bytes, windowBytes, endStream);
    const read = reader.push(bytes);
    const isBroken = read === undefined || (endStream && !reader.atBoundary);
    if (isBroken) this.#refuse(windowBytes, endStream);
    else this.listener.onData(this, read, windowBytes, endStream);
  }

  onDrain(_carrier: Stream, bytes: number): void {
    if (!this.#request.form.isTextOut) return this.listener.onDrain(this, bytes);
    const left = this.#carrier.queuedBytes;
    // Rounding would leave some for ever, so what is left is settled when the last of it is out.
    const drained = left === 0 ? this.#waiting : Math.min(this.#waiting, Math.floor((bytes * 3) / 4));
    this.#waiting -= drained;
    this.listener.onDrain(this, drained);
  }

  onClose(_carrier: Stream, code: number, by: ClosedBy): void {
    this.listener.onClose(this, code, by);
  }

  #send(bytes: Uint8Array, endStream: boolean): number {
    if (!this.#request.form.isTextOut) return this.#carrier.sendData(bytes, endStream);
    const text = toBase64(bytes);
    const taken = this.#carrier.sendData(text, endStream);
    if (taken >= text.length) return bytes.length;
    this.#waiting += bytes.length;
    return 0;
  }

  /** Ends a call whose request cannot be read: it is cancelled, and the page is told why. */
  #refuse(windowBytes: number, endStream: boolean): void {
    const call = this.listener;
    this.listener = deaf;
    call.onClose(this, ErrorCode.CANCEL, "peer");
    const error = brokenText();
    this.sendHeaders(this.#begun ? failureTrailers(error) : failureAnswer(error), true);
    deaf.onData(this, nothing, windowBytes, endStream);
  }
}

function brokenText(): PrismError {
  const message =
    "the request is no base64, or is cut short: application/grpc-web-text carries groups of four letters";
  return new PrismError("invalidRequest", message);
}
