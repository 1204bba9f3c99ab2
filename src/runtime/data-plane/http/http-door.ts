import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  connectFault,
  type HeaderList,
  type NoRequest,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import type { Peer } from "../../model/peer.js";
import { MemoryBudget } from "../common/memory-budget.js";
import type { CallService } from "../call/serve-call.js";
import { type Addressed, assertServed } from "./assert-served.js";
import { checkHttp1 } from "./check-http1.js";
import type { ClientFault } from "./client-fault.js";
import type { Exchange } from "./exchange.js";
import { ExchangeStream } from "./exchange-stream.js";
import type { Fields } from "../common/fields.js";
import { headerListOf } from "./header-list-of.js";
import { answerFailure } from "./http-failure.js";
import { Http1Connection } from "./http1-connection.js";
import { Http1Exchange } from "./http1-exchange.js";
import { Http2Exchange } from "./http2-exchange.js";
import { type HttpLimits, windowBytes } from "./http-limits.js";
import { isHttpPath } from "./http-request.js";
import type { Pages } from "./pages.js";
import { OpenApi } from "./openapi/openapi-document.js";
import type { ExchangeService } from "./exchange-service.js";
import { serveExchange } from "./serve-exchange.js";
import { parseBy } from "./parsing.js";
import { pacedBodyOf } from "./serving.js";
import { Turns } from "./turns.js";

/** A client that is silent for so long while it is served is asked by TCP whether it is there. */
const probeMs = 60_000;
/** How often connections are looked at for heads that take too long. */
const tickMs = 1000;

const none: Fields = {};

/** Hears what a client is refused for what it does to its connection. */
export type OnClientFault = (peer: Peer, fault: ClientFault) => void;

/** What the door is made with. */
export interface HttpDoorSettings {
  readonly pages: Pages;
  readonly limits: HttpLimits;
  readonly onFault: OnClientFault;
}

/** Serves HTTP: whole connections of HTTP/1.1 that are handed to it, and streams of HTTP/2 that are no gRPC. */
export class HttpDoor {
  readonly #server: Server;
  readonly #shared: Omit<ExchangeService, "calls">;
  readonly #connections = new Map<Duplex, Http1Connection>();
  readonly #pages: Pages;
  readonly #onFault: OnClientFault;
  #stopping = false;

  constructor({ pages, limits, onFault }: HttpDoorSettings) {
    this.#pages = pages;
    this.#onFault = onFault;
    const budget = new MemoryBudget(limits.httpHeldBytes);
    this.#shared = {
      limits,
      budget,
      openApi: new OpenApi(),
      isStopping: () => this.#stopping,
      turns: new Turns(),
    };
    this.#server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerBlockMs,
      keepAliveTimeout: limits.http1IdleMs,
      // A body has a pace to keep, not an end: it may be of any size.
      requestTimeout: 0,
      // Told by us, so that it is told once and in its turn.
      requireHostHeader: false,
      connectionsCheckingInterval: Math.min(tickMs, limits.headerBlockMs),
      highWaterMark: windowBytes,
    });
    // One more than may come: what is more is dropped without a word, and so has to be seen.
    this.#server.maxHeadersCount = limits.headerFields + 1;
    this.#server.on("request", (request, response) => void this.#serve(request, response, false));
    this.#server.on("checkContinue", (request, response) => void this.#serve(request, response, true));
    // What else a client expects may be passed over (RFC 9110, section 10.1.1); node:http would answer before we look at it.
    this.#server.on("checkExpectation", (request, response) => void this.#serve(request, response, false));
    this.#server.on("clientError", (error, socket) => this.#refuse(socket, error));
    this.#server.on("connect", (_request, socket) => this.#refuse(socket, connectFault));
    // A client that says no more is answered; node:http knows how, though its types do not tell.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    // node:http keeps its time limits only for a server that listens; this one is handed its connections.
    this.#server.emit("listening");
  }

  /** Serves a connection from whose begin `head` has been read. */
  serve(socket: Socket, head: Buffer, calls: CallService): void {
    socket.pause().setKeepAlive(true, probeMs);
    const connection = new Http1Connection({
      socket,
      calls,
      parsing: parseBy(this.#server, socket),
      turns: this.#shared.turns,
      stallMs: this.#shared.limits.stallMs,
      onFault: (fault) => this.#onFault(calls.peer, fault),
    });
    this.#connections.set(socket, connection);
    socket.once("close", () => this.#connections.delete(socket));
    connection.read(head);
  }

  /** Serves a request that a stream of HTTP/2 brings, and tells who hears the rest of it; undefined where the path is another's. */
  serveStream(stream: Stream, headers: HeaderList, calls: CallService): StreamListener | undefined {
    try {
      this.#assertServed(headers.get(":method") ?? "", hostsIn(headers), calls, (name) => headers.get(name));
    } catch (reason) {
      const refused = this.#exchangeOf(stream, headers, calls);
      void answerFailure(refused, reason);
      return refused;
    }
    const listener = this.#pages.serve(stream, headers, calls);
    if (listener || !isHttpPath(headers.get(":path") ?? "")) return listener;
    const exchange = this.#exchangeOf(stream, headers, calls);
    void serveExchange(exchange, { ...this.#shared, calls });
    return exchange;
  }

  /** Takes no new requests; connections close when their answer is out. */
  shutdown(): void {
    this.#stopping = true;
    for (const connection of this.#connections.values()) connection.closeAfter();
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return void request.socket.destroy();
    const { calls } = connection;
    const service: ExchangeService = { ...this.#shared, calls };
    const isPages = onlyPagesSend(request);
    const exchange = new Http1Exchange({
      request,
      response,
      expectsContinue,
      deadlines: calls.deadlines,
      stallMs: service.limits.stallMs,
      onFault: (fault) => this.#onFault(calls.peer, fault),
      onUntaken: () => connection.lookAfter(),
      always: isPages ? none : this.#pages.cors.fieldsFor(request.headers.origin),
    });
    connection.begin(exchange);
    response.once("close", () => connection.end());
    if (this.#stopping) exchange.closeAfter();
    const refusal = checkHttp1(request, service.limits);
    if (refusal) {
      const reason = refusal.httpStatus === 431 ? "header_fields" : "protocol_error";
      exchange.onFault({ reason, message: refusal.message });
      return answerFailure(exchange, refusal);
    }
    try {
      this.#assertServed(exchange.verb, exchange.hosts, calls, (name) => exchange.header(name));
    } catch (reason) {
      return answerFailure(exchange, reason);
    }
    if (isPages && this.#servePage(request, exchange, service)) return;
    return serveExchange(exchange, service);
  }

  /** What came is no request that could be served. */
  #refuse(socket: Duplex, error: NoRequest): void {
    const connection = this.#connections.get(socket);
    const fault = connection?.refuse(error);
    if (fault && connection) this.#onFault(connection.calls.peer, fault);
  }

  #assertServed(
    verb: string,
    hosts: readonly string[],
    calls: CallService,
    header: Addressed["header"],
  ): void {
    assertServed({ verb, hosts, header }, calls.hosts, this.#pages.cors);
  }

  #exchangeOf(stream: Stream, headers: HeaderList, calls: CallService): Http2Exchange {
    return new Http2Exchange(stream, {
      headers,
      onFault: (fault) => this.#onFault(calls.peer, fault),
      always: this.#pages.cors.fieldsFor(headers.get("origin")),
    });
  }

  /** Serves a preflight or a call by gRPC-Web; false where the request is neither. */
  #servePage(request: IncomingMessage, exchange: Exchange, service: ExchangeService): boolean {
    const stream = new ExchangeStream(exchange, pacedBodyOf(exchange, service));
    const listener = this.#pages.serve(stream, headerListOf(request, exchange), service.calls);
    if (!listener) return false;
    stream.listener = listener;
    void stream.read();
    return true;
  }
}

/** What a request over HTTP/2 says of whom it is for: in two ways it may say it. */
function hostsIn({ fields }: HeaderList): string[] {
  const hosts: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i] === ":authority" || fields[i] === "host") hosts.push(fields[i + 1] ?? "");
  return hosts;
}

/** Whether it may be what the door for pages serves, which says itself what an answer is to tell browsers. */
function onlyPagesSend({ method, headers }: IncomingMessage): boolean {
  return (
    method === "OPTIONS" || (headers["content-type"] ?? "").toLowerCase().startsWith("application/grpc-web")
  );
}
