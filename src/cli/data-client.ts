import { connect, type PrismClient } from "../client/index.js";
import { Data } from "../protocol/gen/prism/data/v1/data_pb.js";
import type { ExecuteRequest } from "../protocol/gen/prism/plugin/plugin_pb.js";
import { type Answer, answerOf } from "./execute-response.js";

/** Calls operations of one namespace over the data plane, as any application would. */
export class DataClient {
  readonly #client: PrismClient;
  readonly #namespace: string;

  /** Connects with the first call. */
  constructor(address: string, namespace: string) {
    this.#client = connect({ address });
    this.#namespace = namespace;
  }

  /** Runs one operation. Rejects with a PrismError, also where the operation itself failed. */
  async execute(request: ExecuteRequest, signal: AbortSignal): Promise<Answer> {
    const options = { namespace: this.#namespace, signal };
    return answerOf(request.operation, await this.#client.unary(Data.method.execute, request, options));
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }
}
