import { fromBinary } from "@bufbuild/protobuf";
import { type Status, StatusSchema } from "../../../protocol/gen/google/rpc/status_pb.js";
import { codeFrom, PrismError, statusFrom } from "../../../protocol/index.js";
import {
  Gathered,
  decodeGrpcMessage,
  ErrorCode,
  type HeaderList,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import { deaf } from "../common/deaf.js";
import { type CallService, serveCall } from "../call/serve-call.js";
import { windowBytes } from "./http-limits.js";

/** A call that was answered with a failure. */
export class CallFailed extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message);
    this.name = "CallFailed";
    this.status = status;
  }
}

const nothing = Buffer.alloc(0);

/**
 * A gRPC call whose client is no HTTP/2 connection but we ourselves, so that what comes over HTTP takes the same path as
 * any other. Both ways it holds a window and no more: who sends waits for `room`, and what is not read is not asked for.
 */
export class InnerCall implements Stream {
  readonly id = 0;
  listener: StreamListener = deaf;
  /** The answer is complete, or the call was given up. */
  sendClosed = false;
  readonly #come = new Gathered();
  #hasHead = false;
  /** Bytes that were sent and that nobody has dealt with yet. */
  #sentBytes = 0;
  #answerBytes = 0;
  #most = Infinity;
  #refusal: (() => PrismError) | undefined;
  #outcome: HeaderList | PrismError | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeSender: (() => void) | undefined;
  #tellOver: (() => void) | undefined;

  /** Begins a call. One that is refused has its answer at once, and takes nothing. */
  static begin(headers: HeaderList, service: CallService): InnerCall {
    const call = new InnerCall();
    call.listener = serveCall(call, headers, service);
    return call;
  }

  get queuedBytes(): number {
    return this.#come.length;
  }

  /** Sends some of the request, framed as gRPC has it. */
  send(bytes: Buffer): void {
    if (this.sendClosed) return;
    this.#sentBytes += bytes.length;
    this.listener.onData(this, bytes, bytes.length, false);
  }

  /** The request is complete. */
  end(): void {
    if (!this.sendClosed) this.listener.onData(this, nothing, 0, true);
  }

  /** Resolves when more may be sent, or need not be because the call is over. */
  async room(): Promise<void> {
    while (this.#sentBytes > windowBytes && !this.sendClosed) {
      await new Promise<void>((resolve) => (this.#wakeSender = resolve));
    }
  }

  /** The next bytes of the answer, as they come; undefined at its end. Rejects with a CallFailed where the call failed. One at a time. */
  async read(): Promise<Buffer | undefined> {
    while (this.#come.length === 0 && !this.sendClosed) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    if (this.#come.length === 0) {
      this.#checkOutcome();
      return undefined;
    }
    const bytes = this.#come.take();
    this.listener.onDrain(this, bytes.length);
    return bytes;
  }

  /** Resolves when the head of the answer is there, or the call is over. */
  async begun(): Promise<void> {
    while (!this.#hasHead && !this.sendClosed) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  /** Calls `tell` once the answer is complete, or nobody waits for it: what is left of the request is of no use. */
  onceOver(tell: () => void): void {
    if (this.sendClosed) tell();
    else this.#tellOver = tell;
  }

  /** Ends the call with what `refusal` makes as soon as more of its answer comes than so many bytes. */
  limitAnswer(most: number, refusal: () => PrismError): void {
    this.#most = most;
    this.#refusal = refusal;
  }

  /** The answer cannot be passed on: the call ends, and has failed. */
  refuse(refusal: PrismError): void {
    if (this.sendClosed) return;
    this.#come.take();
    this.#over(refusal);
    this.listener.onClose(this, ErrorCode.ENHANCE_YOUR_CALM, "local");
  }

  /** The client has left, or has what it wanted: the call is given up. */
  cancel(): void {
    this.#close("peer");
  }

  sendHeaders(headers: HeaderList, endStream: boolean): void {
    if (this.sendClosed) return;
    this.#hasHead = true;
    if (endStream) this.#over(headers);
    else this.#wakeReader?.();
  }

  sendData(bytes: Uint8Array): number {
    if (this.sendClosed) return bytes.length;
    this.#answerBytes += bytes.length;
    if (this.#answerBytes > this.#most && this.#refusal) {
      this.refuse(this.#refusal());
      return bytes.length;
    }
    this.#come.push(bytes);
    this.#wakeReader?.();
    return 0;
  }

  sendRange(bytes: Uint8Array, start: number, end: number): number {
    return this.sendData(bytes.subarray(start, end));
  }

  reset(): void {
    this.#close("local");
  }

  credit(bytes: number): void {
    this.#sentBytes -= bytes;
    if (this.#sentBytes <= windowBytes) this.#wakeSender?.();
  }

  #close(by: "peer" | "local"): void {
    const unread = this.#come.length;
    if (unread > 0) {
      this.#come.take();
      this.listener.onDrain(this, unread);
    }
    if (this.sendClosed) return;
    this.#over(new PrismError("cancelled", "the call was given up"));
    this.listener.onClose(this, ErrorCode.CANCEL, by);
  }

  #over(outcome: HeaderList | PrismError): void {
    this.sendClosed = true;
    this.#outcome = outcome;
    this.#wakeReader?.();
    this.#wakeSender?.();
    this.#tellOver?.();
  }

  #checkOutcome(): void {
    if (this.#outcome instanceof Error) throw this.#outcome;
    const failure = this.#outcome && failureIn(this.#outcome);
    if (failure) throw new CallFailed(failure);
  }
}

/** The failure that trailers tell of; undefined where all went well. */
function failureIn(trailers: HeaderList): Status | undefined {
  const code = codeFrom(Number(trailers.get("grpc-status")));
  if (code === 0) return undefined;
  const message = decodeGrpcMessage(trailers.get("grpc-message") ?? "");
  const told = statusFrom(new PrismError("operationFailed", message, { code }));
  const details = trailers.get("grpc-status-details-bin");
  if (details === undefined) return told;
  try {
    return { ...fromBinary(StatusSchema, Buffer.from(details, "base64")), code };
  } catch {
    return told; // a plugin's own trailers may hold anything
  }
}
