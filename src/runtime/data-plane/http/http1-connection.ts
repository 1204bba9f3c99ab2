import type { Socket } from "node:net";
import type { NoRequest } from "../../../wire/index.js";
import type { Deadline } from "../common/deadline-wheel.js";
import type { CallService } from "../call/serve-call.js";
import { answerClientError, refusalOf } from "./client-error.js";
import type { ClientFault } from "./client-fault.js";
import type { Http1Exchange } from "./http1-exchange.js";
import { type Fed, Http1Feed, type Turn } from "./http1-feed.js";
import type { Parsing } from "./parsing.js";
import type { Turns } from "./turns.js";

/** How often a connection is looked at that might stand still. */
const lookMs = 1000;

/** What a connection of HTTP/1.1 is made with. */
export interface Http1ConnectionSettings {
  readonly socket: Socket;
  /** What its calls are made with. */
  readonly calls: CallService;
  /** What node:http does with its bytes. */
  readonly parsing: Parsing;
  /** When there is time for what costs much. */
  readonly turns: Turns;
  /** `server.limits.stall_ms` */
  readonly stallMs: number;
  readonly onFault: (fault: ClientFault) => void;
}

/**
 * One connection of HTTP/1.1, and the exchange that runs on it: one at a time, in the order in which they were asked for
 * (RFC 9112, section 9.3.2). It ends with its connection. A client that says no more is answered still.
 */
export class Http1Connection implements Fed {
  readonly calls: CallService;
  readonly #settings: Http1ConnectionSettings;
  readonly #socket: Socket;
  readonly #feed: Http1Feed;
  #running: Http1Exchange | undefined;
  #refusedBy: NoRequest | undefined;
  #isFull = false;
  #hasEnded = false;
  #look: Deadline | undefined;
  #movedBytes = 0;
  #movedAt = 0;

  constructor(settings: Http1ConnectionSettings) {
    const { socket, calls } = settings;
    this.#settings = settings;
    this.#socket = socket;
    this.calls = calls;
    this.#feed = new Http1Feed(this, settings.turns);
    socket.on("data", (bytes: Buffer) => this.#feed.push(bytes));
    socket.once("end", () => {
      this.#hasEnded = true;
      this.#feed.end();
      this.lookAfter();
    });
    socket.once("close", () => {
      if (this.#look) calls.deadlines.remove(this.#look);
      this.#running?.leave();
      this.#running = undefined;
    });
  }

  /** Serves what has been read of it already, and reads on. */
  read(head: Buffer): void {
    this.#feed.push(head);
    if (!this.#isFull) this.#socket.resume();
  }

  get turn(): Turn {
    if (this.#refusedBy || this.#socket.destroyed || this.#socket.writableEnded) return "over";
    if (this.#running === undefined) return "head";
    return this.#running.isReceived ? "wait" : "body";
  }

  parse(bytes: Buffer): void {
    this.#settings.parsing.parse(bytes);
  }

  finish(): void {
    // node:http may have given its parser to another connection, where it refused what came.
    if (this.turn !== "over") this.#settings.parsing.finish();
  }

  hold(isFull: boolean): void {
    this.#isFull = isFull;
    if (!isFull) return void this.#socket.resume();
    this.#socket.pause();
    this.lookAfter();
  }

  /** An exchange runs until its answer is out. */
  begin(exchange: Http1Exchange): void {
    this.#running = exchange;
    this.#feed.expectBody(exchange.body.announcedBytes);
  }

  /** Its answer is out, or will not be. */
  end(): void {
    this.#running = undefined;
    if (this.#refusedBy) answerClientError(this.#refusedBy, this.#socket);
    else this.#feed.goOn();
  }

  /** Takes no more requests: the connection closes when what runs is answered. */
  closeAfter(): void {
    this.#running?.closeAfter();
  }

  /**
   * Bytes came that are no request. Answered in their turn, so that nobody takes the refusal for the answer to what was
   * asked before. Tells what is wrong, once; undefined where the client has left.
   */
  refuse(error: NoRequest): ClientFault | undefined {
    if (this.#refusedBy && this.#socket.writable) return undefined;
    this.#refusedBy = error;
    if (!this.#running || !this.#socket.writable) return answerClientError(error, this.#socket);
    const { refusal, fault } = refusalOf(error);
    this.#running.refuse(refusal);
    return fault;
  }

  /** Looks now and then whether an answer moves on a connection that is not read, or whose answer is not taken. */
  lookAfter(): void {
    if (this.#look || this.#socket.destroyed) return;
    this.#movedAt = this.calls.now();
    this.#lookSoon();
  }

  #lookSoon(): void {
    const ms = Math.min(lookMs, this.#settings.stallMs);
    this.#look = this.calls.deadlines.add({ onDeadline: () => this.#onLook() }, ms);
  }

  #onLook(): void {
    this.#look = undefined;
    const isUntaken = this.#running?.isAnswered ?? false;
    if (!this.#hasEnded && !this.#isFull && !isUntaken) return;
    const socket = this.#socket;
    // Whether a client has gone that says no more is seen only by writing to it.
    if (this.#hasEnded && socket.writableLength === 0) this.#running?.probe();
    const moved = socket.bytesWritten - socket.writableLength;
    if (moved !== this.#movedBytes) this.#movedAt = this.calls.now();
    this.#movedBytes = moved;
    if (this.calls.now() - this.#movedAt >= this.#settings.stallMs) this.#onStill();
    else this.#lookSoon();
  }

  #onStill(): void {
    const { stallMs, onFault } = this.#settings;
    const message = this.#isFull
      ? `the client has sent much ahead of an answer that has not moved for ${stallMs} ms`
      : `the client has taken nothing of its answer for ${stallMs} ms`;
    if (!this.#hasEnded || this.#isFull) onFault({ reason: "stall_ms", message });
    this.#socket.destroy();
  }
}
