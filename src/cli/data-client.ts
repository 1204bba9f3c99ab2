import { Code, connect, type PrismClient, PrismError } from "../client/index.js";
import { Data } from "../protocol/gen/prism/data/v1/data_pb.js";
import type { ExecuteRequest } from "../protocol/gen/prism/plugin/plugin_pb.js";
import { type Answer, answerFrom, answerOf } from "./execute-response.js";
import { isToldToStream } from "./told-to-stream.js";

/** Somebody looks at a stream, and ends it when they have seen enough; nobody does for longer than a day. */
const streamMs = 24 * 3_600_000;

/** Calls operations of one namespace over the data plane, as any application would. */
export class DataClient {
  readonly #client: PrismClient;
  readonly #address: string;
  readonly #namespace: string;
  #streams: boolean | undefined;

  /** Connects with the first call. */
  constructor(address: string, namespace: string) {
    this.#client = connect({ address });
    this.#address = address;
    this.#namespace = namespace;
  }

  /** Whether the operation called last answers a stream. */
  get streams(): boolean {
    return this.#streams ?? false;
  }

  /**
   * Runs one operation: one answer, or those of a stream as they come. Rejects with a PrismError, also where the
   * operation itself failed. Prism is asked once whether one of a plugin's own streams; where that is not told, one that
   * does not run as asked is asked as a stream.
   */
  async *call(request: ExecuteRequest, signal: AbortSignal): AsyncGenerator<Answer, void> {
    this.#streams ??= await this.#isToldToStream(request, signal);
    if (this.#streams) return yield* this.#stream(request, signal);
    let answer: Answer;
    try {
      answer = await this.#execute(request, signal);
    } catch (reason) {
      if (!isUnimplemented(reason) || request.params.case !== "rawParams") throw reason;
      return yield* this.#streamInstead(request, signal, reason);
    }
    yield answer;
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }

  async #isToldToStream({ operation, params }: ExecuteRequest, signal: AbortSignal): Promise<boolean> {
    if (params.case !== "rawParams") return false;
    return isToldToStream({ address: this.#address, namespace: this.#namespace, operation }, signal);
  }

  async #execute(request: ExecuteRequest, signal: AbortSignal): Promise<Answer> {
    const options = { namespace: this.#namespace, signal };
    return answerOf(request.operation, await this.#client.unary(Data.method.execute, request, options));
  }

  async *#stream({ operation, params }: ExecuteRequest, signal: AbortSignal): AsyncGenerator<Answer, void> {
    const options = { namespace: this.#namespace, signal, deadlineMs: streamMs };
    const responses = this.#client.serverStream(Data.method.executeStream, { operation, params }, options);
    for await (const { result } of responses) {
      if (result.case !== undefined) yield answerFrom(operation, result);
    }
  }

  async *#streamInstead(
    request: ExecuteRequest,
    signal: AbortSignal,
    refusal: PrismError,
  ): AsyncGenerator<Answer, void> {
    try {
      for await (const answer of this.#stream(request, signal)) {
        this.#streams = true;
        yield answer;
      }
      this.#streams = true;
    } catch (reason) {
      // It does not stream either: what it said first is about what was asked.
      throw !this.#streams && isUnimplemented(reason) ? refusal : reason;
    }
  }
}

function isUnimplemented(reason: unknown): reason is PrismError {
  return reason instanceof PrismError && reason.code === Code.UNIMPLEMENTED;
}
