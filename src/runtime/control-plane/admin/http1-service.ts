import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { PrismError } from "../../../protocol/index.js";
import type { ServedHosts } from "../../model/served-hosts.js";
import { connectFault, type NoRequest } from "../../../wire/index.js";
import type { AnswerHttp } from "./admin-http.js";
import type { AdminRefusal } from "./admin-refusal.js";
import { assertMeant } from "./assert-meant.js";
import type { OnBug } from "./grpc-methods.js";
import type { Guest, Guests } from "./guests.js";
import { faultError, faultOf, rawRefusal, type Readied, readied, refusalOf } from "./http1-answer.js";
import { bodyOf, checkHead, hostOf, targetOf } from "./http1-request.js";
import type { Acts } from "./acts.js";
import { serveInPieces } from "./in-pieces.js";
import type { OperatorLimits, OnOperatorRefused } from "./operator-limits.js";

/** What of answers waits for those who do not take them, all together. */
export interface HeldAnswers {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** How HTTP/1.1 is served to operators. */
export interface Http1Settings {
  readonly answer: AnswerHttp;
  readonly limits: OperatorLimits;
  readonly hosts: ServedHosts;
  readonly acts: Acts;
  readonly guests: Guests;
  readonly held: HeldAnswers;
  readonly onRefused: OnOperatorRefused;
  readonly onBug: OnBug;
}

/** How often connections are looked at for requests that take too long. */
const tickMs = 1000;

/** One connection of HTTP/1.1: its requests are answered one after the other. */
interface Line {
  readonly guest: Guest;
  turn: Promise<void>;
  /** Aborts when what comes is no request any more: what is missing of a body will not come. */
  readonly broken: AbortController;
  waiting: number;
}

/** Serves connections of HTTP/1.1 that are handed to it. */
export class Http1Service {
  readonly #settings: Http1Settings;
  readonly #server: Server;
  readonly #lines = new Map<Duplex, Line>();
  #isClosing = false;

  constructor(settings: Http1Settings) {
    const { headerBytes, headerFields, headerBlockMs, requestMs, idleMs, stallMs } = settings.limits;
    this.#settings = settings;
    this.#server = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout: headerBlockMs,
      requestTimeout: headerBlockMs + requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.min(tickMs, headerBlockMs),
      // Told by us, with a body as every refusal has one.
      requireHostHeader: false,
    });
    // Fields beyond are dropped without a word: the one more that is kept tells of them.
    this.#server.maxHeadersCount = headerFields + 1;
    this.#server.timeout = stallMs;
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on("request", (request, response) => this.#onRequest(request, response));
    this.#server.on("checkExpectation", (request, response) => this.#onRequest(request, response));
    this.#server.on("clientError", (error, socket) => this.#onClientError(error, socket));
    this.#server.on("connect", (_request, socket) => this.#onClientError(connectFault, socket));
    // node:http keeps its time limits only for a server that listens; this one is handed its connections.
    this.#server.emit("listening");
  }

  /** Serves a connection from whose begin `head` has been read. */
  serve(guest: Guest, head: Buffer): void {
    const { socket } = guest;
    const broken = new AbortController();
    this.#lines.set(socket, { guest, turn: Promise.resolve(), broken, waiting: 0 });
    socket.once("close", () => this.#lines.delete(socket));
    socket.pause();
    socket.unshift(head);
    serveInPieces(this.#server, socket, broken.signal);
    socket.resume();
  }

  /** Takes no new requests; a connection closes when its answer is out. */
  shutdown(): void {
    this.#isClosing = true;
    for (const { guest } of this.#lines.values()) {
      if (!guest.rests) continue;
      if (guest.socket.writableLength === 0) guest.socket.destroy();
      else guest.socket.end();
    }
    this.#server.close();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const line = this.#lines.get(request.socket);
    if (line === undefined) return void request.socket.destroy();
    const { onRefused, limits } = this.#settings;
    if (++line.waiting > limits.atOnce) {
      onRefused(line.guest.socket, "streams_per_connection", "more requests at once than are allowed");
      request.socket.destroy();
      return;
    }
    line.turn = line.turn.then(async () => {
      await this.#serve(request, response, line).catch(() => request.socket.destroy());
      line.waiting--;
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse, { guest, broken }: Line): Promise<void> {
    if (guest.isGone()) return;
    guest.begin();
    try {
      const refusal = this.#refusalOfHead(request);
      const answer = refusal ? refusalOf(refusal) : await this.#answer(request, broken.signal);
      if (!guest.isGone() && this.#hold(guest, answer)) this.#send({ request, response }, answer);
    } finally {
      guest.end();
    }
    await taken(response, guest);
    this.#settings.held.give(guest.heldBytes);
    guest.heldBytes = 0;
  }

  #refusalOfHead(request: IncomingMessage): AdminRefusal | undefined {
    const refusal = checkHead(request, this.#settings.limits.headerFields);
    if (refusal) {
      const reason = refusal.httpStatus === 431 ? "header_fields" : "protocol_error";
      this.#settings.onRefused(request.socket, reason, refusal.message);
    }
    return refusal;
  }

  async #answer(request: IncomingMessage, broken: AbortSignal): Promise<Readied> {
    const { answer, hosts, acts, onBug } = this.#settings;
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    };
    try {
      assertMeant({ host: hostOf(request), header }, hosts);
      const asked = {
        verb: request.method ?? "",
        target: targetOf(request),
        body: () => bodyOf(request, broken),
      };
      return readied(await answer(asked, () => acts.assertMay(header(acts.field))));
    } catch (reason) {
      const error = PrismError.from(reason);
      if (error.kind === "bug") onBug(request.url ?? "", reason);
      return refusalOf(error);
    }
  }

  /** Whether there is room for an answer that may not be taken; who holds one for long makes room. */
  #hold(guest: Guest, { body }: Readied): boolean {
    const { held, guests, onRefused } = this.#settings;
    while (!held.take(body.length)) {
      const displaced = guests.displaceHolder() ?? guest;
      onRefused(displaced.socket, "held_bytes", "too many bytes wait for operators that do not take them");
      held.give(displaced.heldBytes);
      displaced.heldBytes = 0;
      if (displaced !== guest) continue;
      guest.socket.destroy();
      return false;
    }
    guest.heldBytes = body.length;
    return true;
  }

  #send({ request, response }: Exchange, { status, headers, body }: Readied): void {
    const isCut = !request.complete || request.headers.upgrade !== undefined;
    response.writeHead(status, {
      ...headers,
      ...((isCut || this.#isClosing) && { connection: "close" }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  #onClientError(error: NoRequest, socket: Duplex): void {
    const line = this.#lines.get(socket);
    if (error.code === "ECONNRESET" || !socket.writable || line === undefined) return void socket.destroy();
    const fault = faultOf(error.code);
    this.#settings.onRefused(line.guest.socket, fault.reason, fault.message);
    line.broken.abort(faultError(fault));
    // What runs is answered first: nobody may take the refusal for its answer.
    void line.turn.then(() => {
      if (socket.writable) socket.end(rawRefusal(fault), () => socket.destroy());
    });
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Until all of an answer has been handed to the system, or nobody is there any more. */
async function taken(response: ServerResponse, guest: Guest): Promise<void> {
  if (response.closed || guest.isGone()) return;
  await new Promise<void>((resolve) => {
    guest.onGone = resolve;
    response.once("close", resolve);
  });
  guest.onGone = undefined;
}
