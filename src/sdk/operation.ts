import type { Call } from "./call.js";
import { type Answered, decoderOf, encoderOf, type Given, holdsBytes, nameOf, type Shape } from "./shape.js";

/** An answer, at once or later. What is answered at once costs no promise. */
export type Eventually<T> = T | Promise<T>;

/** What a plugin promises of an operation. Prism's retries derive from it. */
export interface Traits {
  /** The pattern it belongs to: "keyvalue", …; empty for one of the plugin's own. */
  readonly pattern: string;
  /** Running it twice has the same effect as running it once. */
  readonly idempotent: boolean;
  /** Calls must reach the backend in the order in which they came. */
  readonly ordered: boolean;
}

/** Whether what an operation answers may be encoded now. */
export interface AnswerGate {
  /** Throws where it may not. */
  admit(answer: unknown): void;
}

/** An operation that answers once. Made by {@link unary} or a pattern. */
export interface UnaryOperation {
  readonly kind: "unary";
  readonly traits: Traits;
  /** Full name of the request message, or "bytes". */
  readonly takes: string;
  /** Full name of the response message, or "bytes". */
  readonly answers: string;
  /** Whether the request's bytes must outlive the event in which they came. */
  readonly keepsBytes: boolean;
  /** It changes nothing, so that what it answers may be dropped and asked for again. */
  readonly isRead: boolean;
  /** Decodes, runs, encodes. `gate` is asked before an answer is encoded. */
  run(request: Uint8Array, call: Call, gate?: AnswerGate): Eventually<Uint8Array>;
}

/** An operation that takes and answers many messages. Made by {@link streaming}. */
export interface StreamingOperation {
  readonly kind: "streaming";
  readonly traits: Traits;
  readonly takes: string;
  readonly answers: string;
  run(requests: AsyncIterable<Uint8Array>, call: Call): AsyncIterable<Uint8Array>;
}

/** What a plugin serves under one name. */
export type Operation = UnaryOperation | StreamingOperation;

/** An author's operation that answers once. */
export interface UnarySettings<In extends Shape, Out extends Shape> extends Partial<Traits> {
  readonly request: In;
  readonly response: Out;
  /**
   * It changes nothing. Where callers do not read what they are answered, a large answer of such an operation is dropped and
   * made again when there is room; others of which one was large wait before they run.
   */
  readonly isRead?: boolean;
  /** Refuses a request before it runs, by throwing a PluginError. */
  check?(request: Given<In>): void;
  run(request: Given<In>, call: Call): Eventually<Answered<Out>>;
}

/** An author's operation over two streams. */
export interface StreamingSettings<In extends Shape, Out extends Shape> extends Partial<Traits> {
  readonly request: In;
  readonly response: Out;
  /**
   * Reads requests as fast as it iterates and yields answers as fast as the caller reads: neither side can flood the
   * other. Returning ends the stream. When the caller leaves, `call.signal` aborts and the generator is returned.
   */
  run(requests: AsyncIterable<Given<In>>, call: Call): AsyncIterable<Answered<Out>>;
}

/** Makes an operation that answers once. */
export function unary<In extends Shape, Out extends Shape>(settings: UnarySettings<In, Out>): UnaryOperation {
  const decode = decoderOf(settings.request);
  const encode = encoderOf(settings.response);
  const admitted = (answer: Answered<Out>, gate: AnswerGate | undefined): Uint8Array => {
    gate?.admit(answer);
    return encode(answer);
  };
  return {
    kind: "unary",
    traits: traitsOf(settings),
    takes: nameOf(settings.request),
    answers: nameOf(settings.response),
    keepsBytes: holdsBytes(settings.request),
    isRead: settings.isRead ?? false,
    run: (bytes, call, gate) => {
      const request = decode(bytes);
      settings.check?.(request);
      const answer = settings.run(request, call);
      return isLater(answer) ? answer.then((there) => admitted(there, gate)) : admitted(answer, gate);
    },
  };
}

/** Makes an operation over two streams. */
export function streaming<In extends Shape, Out extends Shape>(
  settings: StreamingSettings<In, Out>,
): StreamingOperation {
  const decode = decoderOf(settings.request);
  const encode = encoderOf(settings.response);
  return {
    kind: "streaming",
    traits: traitsOf(settings),
    takes: nameOf(settings.request),
    answers: nameOf(settings.response),
    run: async function* (requests, call) {
      for await (const answer of settings.run(mapped(requests, decode), call)) yield encode(answer);
    },
  };
}

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncIterable<U> {
  for await (const item of items) yield map(item);
}

function traitsOf({ pattern = "", idempotent = false, ordered = false }: Partial<Traits>): Traits {
  return { pattern, idempotent, ordered };
}

/** Whether an answer comes later; whatever can be awaited does. */
export function isLater<T>(answer: Eventually<T>): answer is Promise<T> {
  return typeof answer === "object" && answer !== null && "then" in answer;
}
