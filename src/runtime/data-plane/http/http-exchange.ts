import type { IncomingMessage, ServerResponse } from "node:http";
import { grpcHeaderBytes, PrismError, type TypedMethod, writeGrpcHeader } from "../../../protocol/index.js";
import { HeaderList } from "../../../wire/index.js";
import { planCall } from "../call-plan.js";
import { type CallService, serveCall } from "../serve-call.js";
import { answerFromTrailers, failureAnswer } from "./http-failure.js";
import { httpCall, type HttpAnswer, type HttpCall } from "./http-messages.js";
import { HttpRefusal, type HttpRequest, readHttpRequest } from "./http-request.js";
import { type CallResult, HttpStream } from "./http-stream.js";
import type { MemoryBudget } from "../memory-budget.js";

/** What every exchange shares. */
export interface ExchangeSettings {
  readonly service: CallService;
  /** The largest body, either way. */
  readonly bodyBytes: number;
  /** What all bodies together may hold. */
  readonly budget: MemoryBudget;
}

/** One HTTP/1.1 request and its answer. */
export class HttpExchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #settings: ExchangeSettings;
  #heldBytes = 0;

  constructor(request: IncomingMessage, response: ServerResponse, settings: ExchangeSettings) {
    this.#request = request;
    this.#response = response;
    this.#settings = settings;
    response.once("close", () => settings.budget.give(this.#heldBytes));
  }

  /** Reads, calls, answers. Never rejects. */
  async run(): Promise<void> {
    try {
      const asked = readHttpRequest(this.#request.method ?? "", this.#request.url ?? "");
      this.#checkContentType(asked);
      const call = httpCall(asked, this.#header("prism-ttl-ms"));
      const { message, trailers } = await this.#call(asked, call);
      this.#answer(answerFromTrailers(trailers) ?? call.answer(message.subarray(grpcHeaderBytes)));
    } catch (reason) {
      if (reason instanceof HttpRefusal) this.#setHeaders(reason.headers);
      this.#answer(failureAnswer(reason));
    }
  }

  async #call(asked: HttpRequest, call: HttpCall): Promise<CallResult> {
    const { service } = this.#settings;
    const headers = this.#headersFor(asked.namespace, call.method);
    const plan = planCall(headers, service);
    // A call that is refused by its head is refused before its body is read.
    if (plan.kind === "refused") return this.#run(headers, new Uint8Array());
    let message: Uint8Array;
    try {
      message = call.message(await this.#body());
    } catch (reason) {
      plan.metrics.count(PrismError.from(reason).code, 0);
      throw reason;
    }
    return this.#run(headers, message);
  }

  /** Makes the call on the path of all calls. */
  #run(headers: HeaderList, message: Uint8Array): Promise<CallResult> {
    const { service, bodyBytes } = this.#settings;
    return new Promise((resolve, reject) => {
      const hold = (bytes: number, soFar: number): PrismError | undefined =>
        soFar > bodyBytes ? replyTooLarge(bodyBytes) : this.#hold(bytes);
      const stream = new HttpStream({ onResult: resolve, onFailure: reject }, hold);
      stream.listener = serveCall(stream, headers, service);
      this.#response.once("close", () => stream.abandon());
      const framed = Buffer.allocUnsafe(grpcHeaderBytes + message.length);
      writeGrpcHeader(framed, message.length);
      framed.set(message, grpcHeaderBytes);
      if (!stream.sendClosed) stream.listener.onData(stream, framed, 0, true);
    });
  }

  #body(): Promise<Buffer> {
    const request = this.#request;
    const { bodyBytes } = this.#settings;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const onData = (chunk: Buffer): void => {
        size += chunk.length;
        const refusal = size > bodyBytes ? bodyTooLarge(bodyBytes) : this.#hold(chunk.length);
        if (!refusal) return void chunks.push(chunk);
        chunks.length = 0;
        request.off("data", onData).resume();
        reject(refusal);
      };
      request.on("data", onData);
      request.once("end", () => resolve(Buffer.concat(chunks)));
      const left = new PrismError("cancelled", "the client left before its request was complete");
      request.once("close", () => reject(left));
    });
  }

  /** Holds so many bytes more until the answer is out; the refusal where all together hold too many. */
  #hold(bytes: number): PrismError | undefined {
    if (!this.#settings.budget.take(bytes)) {
      return new PrismError(
        "overLimit",
        "too many large bodies over HTTP/1.1 at once: try again, or use gRPC",
      );
    }
    this.#heldBytes += bytes;
    return undefined;
  }

  #checkContentType(asked: HttpRequest): void {
    const type = this.#header("content-type") ?? "";
    // A web page may send other types to any address without being asked; JSON it may not.
    if (asked.kind !== "operation" || /^application\/json\s*(;|$)/i.test(type)) return;
    const message =
      'send JSON: curl --json \'{"key":"greeting"}\', or the header content-type: application/json';
    throw new HttpRefusal(new PrismError("invalidRequest", message), 415);
  }

  #headersFor(namespace: string, { path }: TypedMethod): HeaderList {
    const passed = ["authorization", "traceparent", "grpc-timeout"].flatMap((name) => {
      const value = this.#header(name);
      return value === undefined ? [] : [name, value];
    });
    const grpc = [":method", "POST", ":path", path, "content-type", "application/grpc"];
    return new HeaderList([...grpc, "prism-namespace", namespace, ...passed]);
  }

  #header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  #setHeaders(headers: Readonly<Record<string, string>>): void {
    if (this.#response.headersSent) return;
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value);
  }

  #answer({ status, contentType, body }: HttpAnswer): void {
    if (this.#response.destroyed) return;
    this.#response.statusCode = status;
    if (contentType !== undefined) this.#response.setHeader("content-type", contentType);
    if (status !== 204) this.#response.setHeader("content-length", body?.length ?? 0);
    this.#response.end(body);
  }
}

function bodyTooLarge(most: number): HttpRefusal {
  const message = `the body is larger than ${most} bytes, which is the most over HTTP/1.1: use gRPC`;
  return new HttpRefusal(new PrismError("overLimit", message), 413);
}

function replyTooLarge(most: number): PrismError {
  return new PrismError(
    "overLimit",
    `the answer is larger than ${most} bytes, which is the most over HTTP/1.1: use gRPC`,
  );
}
