import { ErrorCode } from "./error-code.js";
import {
  decodeGrpcMessage,
  formatTimeout,
  GrpcStatus,
  statusFromHttp,
  statusFromReset,
} from "./grpc-status.js";
import { HeaderList } from "./header-list.js";
import { frameMessage, MessageError, MessageReader } from "./message-reader.js";
import { doubledField } from "./single-fields.js";
import type { ClientConnection, ClosedBy, Stream, StreamListener } from "./types.js";

/** What a gRPC call is made of. */
export interface CallRequest {
  /** "/package.Service/Method". */
  readonly path: string;
  /** Names and values in turn, beside what gRPC needs. */
  readonly headers?: readonly string[];
  /** From now; absent = none. Enforced here, and told to the peer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Answers with larger messages fail; 0 or absent = any size. */
  readonly mostBytes?: number;
}

/** A gRPC call that ended with another status than OK. */
export class GrpcError extends Error {
  /** A google.rpc.Code. */
  readonly code: number;
  readonly trailers: HeaderList;

  constructor(code: number, message: string, trailers: HeaderList = none) {
    super(message);
    this.name = "GrpcError";
    this.code = code;
    this.trailers = trailers;
  }
}

/** A gRPC call that runs. */
export interface OpenCall {
  /** Sends one message, or queues it; who sends many awaits {@link drained} between them. */
  send(message: Uint8Array): void;
  /** Resolves when little waits to be sent, or the call is over. */
  drained(): Promise<void>;
  /** Sends no more. */
  end(): void;
  /** Leaves: the peer hears RST_STREAM CANCEL. */
  cancel(): void;
  /** The answers. Read as fast as they are iterated; ends with the call, rejects with a GrpcError. Leaving the loop cancels. */
  readonly messages: AsyncIterable<Buffer>;
  /** Trailers, once it has ended OK; rejects with a GrpcError. */
  readonly trailers: Promise<HeaderList>;
}

const none = new HeaderList([]);

/** Bytes that may wait before {@link OpenCall.drained} lets a sender wait too. */
const queuedBytes = 256 * 1024;

/** One message there, one back. Rejects with a GrpcError. */
export async function callUnary(
  connection: ClientConnection,
  request: CallRequest & { readonly message: Uint8Array },
): Promise<{ message: Buffer; trailers: HeaderList }> {
  const call = openCall(connection, request);
  call.send(request.message);
  call.end();
  let message: Buffer | undefined;
  for await (const answer of call.messages) {
    if (message) throw new GrpcError(GrpcStatus.INTERNAL, "a second message in the answer to a unary call");
    message = answer;
  }
  const trailers = await call.trailers;
  if (!message)
    throw new GrpcError(GrpcStatus.INTERNAL, "no message in the answer to a unary call", trailers);
  return { message, trailers };
}

/** Opens a gRPC call. Rejections arrive by `messages` and `trailers`. */
export function openCall(connection: ClientConnection, request: CallRequest): OpenCall {
  return new RunningCall(connection, request);
}

class RunningCall implements OpenCall, StreamListener {
  readonly trailers: Promise<HeaderList>;
  readonly #reader: MessageReader;
  readonly #stream: Stream | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: NodeJS.Timeout | undefined;
  readonly #ready: { message: Buffer; windowBytes: number }[] = [];
  #windowBytes = 0;
  #head: HeaderList | undefined;
  #wake: (() => void) | undefined;
  #whenDrained: (() => void)[] = [];
  #outcome: { trailers: HeaderList } | { error: GrpcError } | undefined;
  #settle!: { resolve: (trailers: HeaderList) => void; reject: (error: GrpcError) => void };

  constructor(connection: ClientConnection, request: CallRequest) {
    const { path, headers = [], timeoutMs, signal, mostBytes } = request;
    this.#reader = new MessageReader(mostBytes);
    this.trailers = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Who iterates the messages hears the failure there.
    this.trailers.catch(() => undefined);
    this.#signal = signal;
    if (signal?.aborted) {
      this.#fail(GrpcStatus.CANCELLED, "cancelled");
      return;
    }
    if (!connection.canOpen) {
      this.#fail(GrpcStatus.UNAVAILABLE, "the connection takes no more calls");
      return;
    }
    const fields = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "prism"];
    fields.push("content-type", "application/grpc", "te", "trailers", ...headers);
    if (timeoutMs !== undefined) {
      fields.push("grpc-timeout", formatTimeout(timeoutMs));
      this.#deadline = setTimeout(
        () => this.#leave(GrpcStatus.DEADLINE_EXCEEDED, `no answer within ${timeoutMs} ms`),
        timeoutMs,
      );
    }
    signal?.addEventListener("abort", this.#abort);
    this.#stream = connection.open(new HeaderList(fields), false, this);
  }

  get messages(): AsyncIterable<Buffer> {
    return this.#messages();
  }

  send(message: Uint8Array): void {
    this.#stream?.sendData(frameMessage(message), false);
  }

  drained(): Promise<void> {
    if (this.#isDrained) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  end(): void {
    this.#stream?.sendData(Buffer.alloc(0), true);
  }

  cancel(): void {
    this.#leave(GrpcStatus.CANCELLED, "cancelled");
  }

  onHeaders(_stream: Stream, headers: HeaderList, endStream: boolean): void {
    if (endStream) this.#onTrailers(headers);
    else this.#head = headers;
  }

  onData(_stream: Stream, bytes: Buffer, windowBytes: number): void {
    this.#windowBytes += windowBytes;
    if (this.#outcome) return;
    try {
      for (const message of this.#reader.push(bytes)) {
        this.#ready.push({ message, windowBytes: this.#windowBytes });
        this.#windowBytes = 0;
      }
    } catch (error) {
      const isTooLarge = error instanceof MessageError && error.tooLarge;
      const code = isTooLarge ? GrpcStatus.RESOURCE_EXHAUSTED : GrpcStatus.INTERNAL;
      this.#leave(code, error instanceof Error ? error.message : "a broken message");
      return;
    }
    // A message larger than the window would wait for ever: what is only a part of one is credited as it comes.
    if (this.#windowBytes > 0) this.#stream?.credit(this.#windowBytes);
    this.#windowBytes = 0;
    this.#wake?.();
  }

  onDrain(): void {
    if (this.#isDrained) this.#tellDrained();
  }

  onClose(_stream: Stream, code: number, by: ClosedBy): void {
    if (by === "connection") this.#fail(GrpcStatus.UNAVAILABLE, "the connection broke");
    else if (code === ErrorCode.NO_ERROR) this.#fail(GrpcStatus.INTERNAL, "the call ended without a status");
    else this.#fail(statusFromReset(code), `the call was reset with code ${code}`);
  }

  get #isDrained(): boolean {
    return (
      this.#outcome !== undefined || this.#stream === undefined || this.#stream.queuedBytes <= queuedBytes
    );
  }

  #tellDrained(): void {
    for (const tell of this.#whenDrained.splice(0)) tell();
  }

  readonly #abort = (): void => this.#leave(GrpcStatus.CANCELLED, "cancelled");

  #onTrailers(headers: HeaderList): void {
    const doubled = doubledField(headers.fields);
    if (doubled !== undefined) return this.#fail(GrpcStatus.INTERNAL, `an answer with two ${doubled}`);
    const status = headers.get("grpc-status");
    if (status === undefined) {
      const http = Number((this.#head ?? headers).get(":status") ?? 0);
      return this.#fail(statusFromHttp(http), `an answer without grpc-status, HTTP status ${http}`);
    }
    if (status !== "0") {
      const message = decodeGrpcMessage(headers.get("grpc-message") ?? "");
      const code = /^\d{1,9}$/.test(status) ? Number(status) : GrpcStatus.UNKNOWN;
      return this.#finish({ error: new GrpcError(code, message, headers) });
    }
    if (!this.#reader.atBoundary) return this.#fail(GrpcStatus.INTERNAL, "the answer is cut short");
    this.#finish({ trailers: headers });
  }

  #leave(code: number, message: string): void {
    this.#fail(code, message);
    this.#stream?.reset(ErrorCode.CANCEL);
  }

  #fail(code: number, message: string): void {
    this.#finish({ error: new GrpcError(code, message) });
  }

  #finish(outcome: { trailers: HeaderList } | { error: GrpcError }): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    clearTimeout(this.#deadline);
    this.#signal?.removeEventListener("abort", this.#abort);
    if ("error" in outcome) this.#settle.reject(outcome.error);
    else this.#settle.resolve(outcome.trailers);
    this.#wake?.();
    this.#tellDrained();
  }

  async *#messages(): AsyncIterable<Buffer> {
    try {
      for (;;) {
        const next = this.#ready.shift();
        if (next) {
          this.#stream?.credit(next.windowBytes);
          yield next.message;
        } else if (this.#outcome) {
          if ("error" in this.#outcome) throw this.#outcome.error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      if (!this.#outcome) this.cancel();
    }
  }
}
