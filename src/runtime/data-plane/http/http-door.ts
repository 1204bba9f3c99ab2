import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { CallService } from "../serve-call.js";
import { HttpExchange, type ExchangeSettings } from "./http-exchange.js";
import { MemoryBudget } from "../memory-budget.js";

/** The largest body, either way: it is held whole, as JSON and node:http's readers want it. gRPC knows no such bound. */
const mostBodyBytes = 64 * 1024 * 1024;
/** What all bodies together may hold. */
const mostHeldBytes = 256 * 1024 * 1024;

/** Time limits of the HTTP/1.1 door. */
export interface HttpTimes {
  /** From a request's first byte to the end of its head. */
  readonly headMs: number;
  /** … to the end of its body. */
  readonly requestMs: number;
  /** With not a byte either way. */
  readonly silenceMs: number;
}

const defaultTimes: HttpTimes = { headMs: 10_000, requestMs: 60_000, silenceMs: 120_000 };

/** Serves HTTP/1.1 on connections that are handed to it. */
export class HttpDoor {
  readonly #server: Server;
  readonly #settings: ExchangeSettings;
  readonly #running = new Set<ServerResponse>();
  #stopping = false;

  constructor(service: CallService, headerBytes: number, times: HttpTimes = defaultTimes) {
    const bodyBytes = Math.min(mostBodyBytes, service.messageBytes || mostBodyBytes);
    this.#settings = { service, bodyBytes, budget: new MemoryBudget(mostHeldBytes) };
    const limits = {
      maxHeaderSize: headerBytes,
      headersTimeout: times.headMs,
      requestTimeout: times.requestMs,
    };
    this.#server = createServer({ ...limits, connectionsCheckingInterval: 1000 }, (request, response) =>
      this.#exchange(request, response),
    );
    this.#server.timeout = times.silenceMs;
    // node:http keeps its time limits only for a server that listens; this one is handed its connections.
    this.#server.emit("listening");
  }

  /** Serves a connection from whose begin `head` has been read. */
  serve(socket: Socket, head: Buffer): void {
    socket.pause();
    socket.unshift(head);
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Takes no new requests; connections close when their answer is out. */
  shutdown(): void {
    this.#stopping = true;
    for (const response of this.#running) closeAfter(response);
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  #exchange(request: IncomingMessage, response: ServerResponse): void {
    this.#running.add(response);
    response.once("close", () => this.#running.delete(response));
    if (this.#stopping) closeAfter(response);
    void new HttpExchange(request, response, this.#settings).run();
  }
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
