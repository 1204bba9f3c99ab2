import { grpcHeaderBytes, PrismError, writeGrpcHeader } from "../../../protocol/index.js";
import { HeaderList } from "../../../wire/index.js";
import { planCall } from "../call-plan.js";
import type { CallService } from "../serve-call.js";
import type { Exchange } from "./exchange.js";
import { jsonBytes } from "./http-limits.js";
import type { Holding } from "./holding.js";
import { HttpRefusal } from "./http-refusal.js";
import { InnerCall } from "./inner-call.js";
import { PacedBody } from "./request-body.js";
import type { ExchangeService } from "./serve-exchange.js";

/** Fields of a request that its calls carry on. */
const passed = ["authorization", "traceparent", "grpc-timeout"];
const nothing = Buffer.alloc(0);

/** One exchange that is being served: its body, and the calls that are made for it. */
export class Serving {
  readonly exchange: Exchange;
  readonly service: CallService;
  /** The body as it has to come: at a pace. */
  readonly body: PacedBody;
  /** The largest body in JSON, either way. */
  readonly mostBytes: number;
  readonly #holding: Holding;

  constructor(exchange: Exchange, service: ExchangeService, holding: Holding) {
    const { calls } = service;
    this.exchange = exchange;
    this.service = calls;
    this.body = pacedBodyOf(exchange, service);
    this.mostBytes = Math.min(jsonBytes, calls.messageBytes || jsonBytes);
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
    const plan = planCall(headers, this.service);
    if (plan.kind === "refused") return this.begin(headers);
    let message: Uint8Array;
    try {
      message = await makeMessage();
    } catch (reason) {
      plan.metrics.count(PrismError.from(reason).code, 0);
      throw reason;
    }
    const framed = Buffer.allocUnsafe(grpcHeaderBytes + message.length);
    writeGrpcHeader(framed, message.length);
    framed.set(message, grpcHeaderBytes);
    const call = this.begin(headers);
    call.send(framed);
    call.end();
    return call;
  }

  /** The whole body. Rejects where it is larger than `most`, or all that is held is too much. */
  async gather(most = this.mostBytes): Promise<Buffer> {
    const { announcedBytes = 0 } = this.exchange.body;
    if (announcedBytes > most) throw tooLarge(most);
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (let piece; (piece = await this.body.next()); pieces.push(piece)) {
      bytes += piece.length;
      if (bytes > most) throw tooLarge(most);
      this.hold(piece.length);
    }
    return Buffer.concat(pieces);
  }

  /**
   * The one message of a call's answer, of which `first` has been read. Rejects where it is larger than JSON may be, or
   * all that is held is too much.
   */
  async answerOf(call: InnerCall, first: Buffer = nothing): Promise<Buffer> {
    const pieces = [first];
    let bytes = first.length;
    for (let piece; (piece = await call.read()); pieces.push(piece)) {
      bytes += piece.length;
      try {
        if (bytes > this.mostBytes + grpcHeaderBytes) throw answerTooLarge(this.mostBytes);
        this.hold(piece.length);
      } catch (reason) {
        call.cancel();
        throw reason;
      }
    }
    return Buffer.concat(pieces).subarray(grpcHeaderBytes);
  }

  /** Holds so many bytes more, until the exchange is over. Throws where all together hold too many. */
  hold(bytes: number): void {
    this.#holding.take(bytes);
  }
}

/** The body of an exchange as it has to come: at a pace. */
export function pacedBodyOf(exchange: Exchange, { calls, limits }: ExchangeService): PacedBody {
  return new PacedBody(exchange.body, {
    deadlines: calls.deadlines,
    requestMs: limits.requestMs,
    onSlow: (message) => exchange.onFault({ reason: "request_ms", message }),
  });
}

/** A body that is larger than it may be. */
export function tooLarge(most: number): HttpRefusal {
  const message = `the body is larger than ${most} bytes, which is the most here: send less at once`;
  return new HttpRefusal(new PrismError("overLimit", message), 413);
}

function answerTooLarge(most: number): PrismError {
  const message = `the answer is larger than ${most} bytes, which is the most in JSON: ask for less at once, or use gRPC`;
  return new PrismError("overLimit", message);
}
