import type { JsonValue } from "@bufbuild/protobuf";
import { grpcHeaderBytes, type JsonBounds, PrismError } from "../../../protocol/index.js";
import { Gathered, frameMessage, HeaderList } from "../../../wire/index.js";
import { planCall } from "../plan/call-plan.js";
import type { CallService } from "../call/serve-call.js";
import { type Bound, jsonBound } from "./bound.js";
import type { Exchange } from "./exchange.js";
import type { HttpLimits } from "./http-limits.js";
import type { Holding } from "./holding.js";
import { HttpRefusal } from "./http-refusal.js";
import { InnerCall } from "./inner-call.js";
import { PacedBody } from "./request-body.js";
import type { ExchangeService } from "./exchange-service.js";
import type { Turns } from "./turns.js";

/** Fields of a request that its calls carry on. */
const passed = ["authorization", "traceparent", "grpc-timeout"];
const nothing = Buffer.alloc(0);

/** One exchange that is being served: its body, and the calls that are made for it. */
export class Serving {
  readonly exchange: Exchange;
  readonly service: CallService;
  readonly limits: HttpLimits;
  /** What takes long takes its turns there. */
  readonly turns: Turns;
  /** The body as it has to come: at a pace. */
  readonly body: PacedBody;
  /** The largest body in JSON, either way. */
  readonly #json: Bound;
  readonly #holding: Holding;

  constructor(exchange: Exchange, service: ExchangeService, holding: Holding) {
    const { calls, limits, turns } = service;
    this.exchange = exchange;
    this.service = calls;
    this.limits = limits;
    this.turns = turns;
    this.body = pacedBodyOf(exchange, service);
    this.#json = jsonBound({ jsonBytes: limits.jsonBytes, messageBytes: calls.messageBytes });
    this.#holding = holding;
  }

  /** The headers of a call that is made for the request. */
  headersFor(namespace: string, path: string): HeaderList {
    const more = passed.flatMap((name) => {
      const value = this.exchange.header(name);
      return value === undefined ? [] : [name, value];
    });
    const grpc = [":method", "POST", ":path", path, "content-type", "application/grpc"];
    return new HeaderList([...grpc, "prism-namespace", namespace, ...more]);
  }

  /** Begins a call. It is cancelled when the client leaves. */
  begin(headers: HeaderList): InnerCall {
    const call = InnerCall.begin(headers, this.service);
    const { left } = this.exchange;
    if (left.aborted) call.cancel();
    else left.addEventListener("abort", () => call.cancel(), { once: true });
    return call;
  }

  /** One message there, whose making may need the body. A call that is refused by its head is refused before that. */
  async call(headers: HeaderList, makeMessage: () => Promise<Uint8Array>): Promise<InnerCall> {
    const message = await this.prepare(headers, makeMessage);
    const call = this.begin(headers);
    call.send(frameMessage(message));
    call.end();
    return call;
  }

  /** Throws where a call is refused by its head, and counts it. */
  checkHead(headers: HeaderList): void {
    const plan = planCall(headers, this.service);
    if (plan.kind !== "refused") return;
    plan.metrics.count(plan.error.code, 0);
    throw plan.error;
  }

  /** Makes what a call needs of the body, unless the call is refused by its head. A body that does not fit is counted as the call's. */
  async prepare<T>(headers: HeaderList, make: () => Promise<T>): Promise<T> {
    this.checkHead(headers);
    const { metrics } = planCall(headers, this.service);
    try {
      return await make();
    } catch (reason) {
      metrics.count(PrismError.from(reason).code, 0);
      throw reason;
    }
  }

  /** What one text of JSON may cost. */
  get jsonBounds(): JsonBounds {
    const { jsonDepth: depth, jsonDigits: digits, jsonValues: values } = this.limits;
    return { depth, digits, values };
  }

  /** The body as it comes. Rejects where it is larger than `most`: than JSON may be, unless told otherwise. */
  async *pieces(most: Bound = this.#json): AsyncGenerator<Buffer> {
    const { announcedBytes = 0 } = this.exchange.body;
    if (announcedBytes > most.bytes) throw tooLarge(most);
    let bytes = 0;
    for (let piece; (piece = await this.body.next());) {
      bytes += piece.length;
      if (bytes > most.bytes) throw tooLarge(most);
      yield piece;
    }
  }

  /** The whole body. Rejects where it is larger than `most`, or all that is held is too much. */
  async gather(most: Bound): Promise<Buffer> {
    const gathered = new Gathered();
    for await (const piece of this.pieces(most)) {
      this.hold(piece.length);
      gathered.push(piece);
    }
    return gathered.take();
  }

  /**
   * The one message of a call's answer, of which `first` has been read. Rejects where it is larger than JSON may be, or
   * all that is held is too much.
   */
  async answerOf(call: InnerCall, first: Buffer = nothing): Promise<Buffer> {
    const gathered = new Gathered();
    gathered.push(first);
    for (let piece; (piece = await call.read());) {
      try {
        const bytes = gathered.length + piece.length - grpcHeaderBytes;
        if (bytes > this.#json.bytes) throw answerTooLarge(this.#json);
        this.hold(piece.length);
      } catch (reason) {
        call.cancel();
        throw reason;
      }
      gathered.push(piece);
    }
    return gathered.take().subarray(grpcHeaderBytes);
  }

  /** Lets a call fail whose answer is larger than JSON may be. */
  limitJson(call: InnerCall): InnerCall {
    call.limitAnswer(this.#json.bytes + grpcHeaderBytes, () => answerTooLarge(this.#json));
    return call;
  }

  /** Answers with JSON. */
  async answerJson(json: JsonValue): Promise<void> {
    const body = await this.turns.run(() => Buffer.from(`${JSON.stringify(json)}\n`));
    this.exchange.begin(200, { "content-type": "application/json", "content-length": String(body.length) });
    await this.exchange.write(body);
    this.exchange.end();
  }

  /** Holds so many bytes more, until the exchange is over. Throws where all together hold too many. */
  hold(bytes: number): void {
    this.#holding.take(bytes);
  }

  /** Holds so many bytes less. */
  release(bytes: number): void {
    this.#holding.give(bytes);
  }
}

/** The body of an exchange as it has to come: at a pace. */
export function pacedBodyOf(exchange: Exchange, { calls, limits }: ExchangeService): PacedBody {
  return new PacedBody(exchange.body, {
    deadlines: calls.deadlines,
    requestMs: limits.requestMs,
    bytesPerSecond: limits.bodyBytesPerSecond,
    onSlow: (message) => exchange.onFault({ reason: "request_ms", message }),
  });
}

/** A body that is larger than it may be. */
export function tooLarge({ bytes, limit }: Bound): HttpRefusal {
  const message = `the body is larger than ${bytes} bytes, which is the most here (${limit}): send less at once`;
  return new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 413);
}

/** Trying again is of no use, so it is no 429. */
function answerTooLarge({ bytes, limit }: Bound): HttpRefusal {
  const message = `the answer is larger than ${bytes} bytes, which is the most in JSON (${limit}): ask for less at once, for the raw bytes at a key, or by gRPC, or have the key raised`;
  return new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 422);
}
