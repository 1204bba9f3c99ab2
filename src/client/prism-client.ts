import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, PrismError, TimeLimit } from "../protocol/index.js";
import { type CallRequest, callUnary, GrpcError, openCall } from "../wire/index.js";
import type { CallOptions } from "./call-options.js";
import { Dialler, type Target } from "./dialler.js";
import { explain } from "./explain.js";
import { KeyValueClient, type UnaryCaller } from "./key-value-client.js";

const defaultDeadlineMs = 30_000;

/** Speaks to the Prism at an address, or on a Unix socket. Connects with the first call. */
export function connect(target: Target): PrismClient {
  return new PrismClient(target);
}

/**
 * Calls any service of Prism by its generated descriptor. Many calls share one connection, which is made anew by the
 * next call when it was lost. Every failure is a PrismError.
 */
export class PrismClient implements UnaryCaller {
  readonly #dialler: Dialler;

  constructor(target: Target) {
    this.#dialler = new Dialler(target);
  }

  /** One request, one response: `client.unary(KeyValue.method.get, { key }, { namespace })`. */
  async unary<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
    options: CallOptions = {},
  ): Promise<MessageShape<Out>> {
    using call = new Outgoing(method, options);
    try {
      const message = toBinary(method.input, create(method.input, request));
      const answer = await this.#dialler.use(call.signal, (connection) =>
        callUnary(connection, { ...call.request(), message }),
      );
      return fromBinary(method.output, answer.message);
    } catch (reason) {
      throw call.explain(reason);
    }
  }

  /** One request, many responses; a method that takes many requests gets the one. Leaving the loop leaves the call. */
  async *serverStream<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodServerStreaming<In, Out> | DescMethodBiDiStreaming<In, Out>,
    request: MessageInitShape<In>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<Out>, void> {
    using call = new Outgoing(method, options);
    try {
      const running = await this.#dialler.use(call.signal, (connection) =>
        openCall(connection, call.request()),
      );
      running.send(toBinary(method.input, create(method.input, request)));
      running.end();
      for await (const bytes of running.messages) yield fromBinary(method.output, bytes);
    } catch (reason) {
      throw call.explain(reason);
    }
  }

  /** The keys and values of one namespace, as bytes or text. */
  keyValue(namespace: string): KeyValueClient {
    return new KeyValueClient(this, namespace);
  }

  /** Takes no more calls; the connection ends with the last one that runs. Safe to call twice. */
  close(): void {
    this.#dialler.close();
  }
}

/** One call on its way: what goes before its message, how long it may last, and what its failure is called. */
class Outgoing implements Disposable {
  readonly #limit: TimeLimit;
  readonly #method: DescMethod;
  readonly #options: CallOptions;
  readonly #deadlineMs: number;
  readonly #endsAt: number;

  constructor(method: DescMethod, options: CallOptions) {
    this.#method = method;
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    this.#endsAt = performance.now() + this.#deadlineMs;
    this.#limit = new TimeLimit(this.#deadlineMs, options.signal);
  }

  /** Aborts when the caller leaves, and when the deadline has passed. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  [Symbol.dispose](): void {
    this.#limit.end();
  }

  request(): CallRequest {
    const { namespace, headers = {}, signal } = this.#options;
    return {
      path: `/${this.#method.parent.typeName}/${this.#method.name}`,
      headers: [
        ...(namespace === undefined ? [] : ["prism-namespace", namespace]),
        ...Object.entries(headers).flat(),
      ],
      timeoutMs: Math.max(1, Math.ceil(this.#endsAt - performance.now())),
      ...(signal && { signal }),
    };
  }

  explain(reason: unknown): PrismError {
    if (reason instanceof PrismError) return reason;
    const { name } = this.#method;
    if (this.#options.signal?.aborted) {
      return new PrismError("cancelled", `${name} was left by its caller`, { cause: reason });
    }
    if (reason instanceof GrpcError && reason.code !== Code.DEADLINE_EXCEEDED) return explain(reason);
    if (reason instanceof GrpcError || this.signal.aborted) {
      const message = `${name} did not end within ${this.#deadlineMs} ms: allow it more time, or see what keeps the plugin`;
      return new PrismError("deadlineExceeded", message, { cause: reason });
    }
    const why = reason instanceof Error ? reason.message : String(reason);
    return new PrismError("bug", `${name} failed unforeseen: ${why}`, { cause: reason });
  }
}
