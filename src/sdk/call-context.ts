import type { HeaderList } from "../wire/index.js";
import type { Call } from "./call.js";
import { readMetadata } from "./envelope.js";
import type { Log } from "./log.js";

/** What a call knows from its headers. */
export interface CallHead {
  readonly namespace: string;
  readonly deadline: number | undefined;
  readonly headers: HeaderList;
}

/** The {@link Call} an operation is given. What costs anything is made when it is first asked for. */
export class CallContext implements Call {
  readonly operation: string;
  readonly log: Log;
  readonly answerBytes: number;
  readonly #head: CallHead;
  #request: Buffer | undefined;
  #metadata: Map<string, string> | undefined;
  #controller: AbortController | undefined;
  #cancelled: Error | undefined;

  /** `request` is an ExecuteRequest that has metadata; its bytes may be a view until {@link detach}. */
  constructor(
    head: CallHead,
    operation: string,
    { log, answerBytes, request }: { log: Log; answerBytes: number; request?: Buffer | undefined },
  ) {
    this.#head = head;
    this.operation = operation;
    this.log = log;
    this.answerBytes = answerBytes;
    this.#request = request;
  }

  get namespace(): string {
    return this.#head.namespace;
  }

  get deadline(): number | undefined {
    return this.#head.deadline;
  }

  get principal(): string {
    return this.metadata("prism-principal") ?? "";
  }

  get traceparent(): string {
    return this.metadata("traceparent") ?? "";
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#cancelled);
    }
    return this.#controller.signal;
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  metadata(name: string): string | undefined {
    return this.#read(name) ?? this.#head.headers.get(name);
  }

  /** Tells the operation that nobody waits any more. */
  cancel(reason: Error): void {
    if (this.#cancelled) return;
    this.#cancelled = reason;
    this.#controller?.abort(reason);
  }

  /** The event in which the message came is over: what may still be asked of its bytes is read now. */
  detach(): void {
    this.#read("");
  }

  #read(key: string): string | undefined {
    if (this.#request) {
      this.#metadata = readMetadata(this.#request, 0, this.#request.length);
      this.#request = undefined;
    }
    return this.#metadata?.get(key);
  }
}
