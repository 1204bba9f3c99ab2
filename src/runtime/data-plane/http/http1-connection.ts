import type { Duplex } from "node:stream";
import type { CallService } from "../serve-call.js";
import { answerClientError, type ClientFault, refusalOf } from "./client-error.js";
import type { Http1Exchange } from "./http1-exchange.js";

/**
 * One connection of HTTP/1.1 and the exchanges that run on it: several where a client asks on before it is answered. They
 * all end with it, also those whose turn to answer never came, of which node:http tells nothing.
 */
export class Http1Connection {
  /** What its calls are made with. */
  readonly calls: CallService;
  readonly #socket: Duplex;
  readonly #running = new Set<Http1Exchange>();
  #refusedBy: (Error & { code?: string }) | undefined;

  constructor(socket: Duplex, calls: CallService) {
    this.#socket = socket;
    this.calls = calls;
    socket.once("close", () => {
      for (const exchange of this.#running) exchange.leave();
      this.#running.clear();
    });
  }

  /** An exchange runs until its answer is out. */
  begin(exchange: Http1Exchange): void {
    this.#running.add(exchange);
  }

  /** An exchange's answer is out, or will not be. */
  end(exchange: Http1Exchange): void {
    this.#running.delete(exchange);
    if (this.#running.size === 0 && this.#refusedBy) answerClientError(this.#refusedBy, this.#socket);
  }

  /** Takes no more requests: the connection closes when what runs is answered. */
  closeAfter(): void {
    for (const exchange of this.#running) exchange.closeAfter();
  }

  /**
   * Bytes came that are no request. Answered in their turn, so that nobody takes the refusal for the answer to what was
   * asked before. Tells what is wrong, once; undefined where the client has left.
   */
  refuse(error: Error & { code?: string }): ClientFault | undefined {
    if (this.#refusedBy && this.#socket.writable) return undefined;
    this.#refusedBy = error;
    if (this.#running.size === 0 || !this.#socket.writable) return answerClientError(error, this.#socket);
    const { refusal, fault } = refusalOf(error);
    for (const exchange of this.#running) exchange.refuse(refusal);
    return fault;
  }
}
