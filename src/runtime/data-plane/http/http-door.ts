import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WireLimits } from "../../model/proxy-messages.js";
import type { CallService } from "../serve-call.js";
import { answerClientError, type ClientFault } from "./client-error.js";
import { HttpExchange, type ExchangeSettings } from "./http-exchange.js";
import { MemoryBudget } from "../memory-budget.js";

/** The largest body, either way: it is held whole, as JSON and node:http's readers want it. gRPC knows no such bound. */
const mostBodyBytes = 64 * 1024 * 1024;
/** What all bodies together may hold. */
const mostHeldBytes = 256 * 1024 * 1024;

/** With not a byte either way: longer than an operation may well take. */
const silenceMs = 120_000;
/** How often connections are looked at for requests that take too long. */
const tickMs = 1000;

/** What the door keeps to of `server.limits`. */
export type HttpLimits = Pick<WireLimits, "headerBytes" | "headerBlockMs" | "requestMs">;

/** Hears what a client is refused before there is a request. */
export type OnClientFault = (socket: Duplex, fault: ClientFault) => void;

/** Serves HTTP/1.1 on connections that are handed to it. */
export class HttpDoor {
  readonly #server: Server;
  readonly #settings: ExchangeSettings;
  readonly #running = new Set<ServerResponse>();
  #stopping = false;

  constructor(service: CallService, limits: HttpLimits, onFault: OnClientFault) {
    const { headerBytes, headerBlockMs, requestMs } = limits;
    const bodyBytes = Math.min(mostBodyBytes, service.messageBytes || mostBodyBytes);
    this.#settings = { service, bodyBytes, budget: new MemoryBudget(mostHeldBytes) };
    this.#server = createServer(
      {
        maxHeaderSize: headerBytes,
        headersTimeout: headerBlockMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: Math.min(tickMs, headerBlockMs),
      },
      (request, response) => this.#exchange(request, response),
    );
    this.#server.timeout = silenceMs;
    this.#server.on("clientError", (error, socket) => {
      const fault = answerClientError(error, socket);
      if (fault) onFault(socket, fault);
    });
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
