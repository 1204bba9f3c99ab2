import type { IncomingMessage, ServerResponse } from "node:http";
import { PrismError } from "../../../protocol/index.js";
import type { DeadlineWheel } from "../common/deadline-wheel.js";
import type { ClientFault } from "./client-fault.js";
import type { Exchange } from "./exchange.js";
import { everyAnswer, type Fields } from "../common/fields.js";
import { RequestBody } from "./request-body.js";

/** An empty line of JSON, and an event's comment. */
const fillers: ReadonlyMap<string, string> = new Map([
  ["application/x-ndjson", "\n"],
  ["text/event-stream", ":\n\n"],
]);

/** What node:http hands over, and how a reader that takes nothing is left. */
export interface Http1Settings {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits to be told that its body is wanted. */
  readonly expectsContinue: boolean;
  readonly deadlines: DeadlineWheel;
  readonly stallMs: number;
  readonly onFault: (fault: ClientFault) => void;
  /** The answer is complete, and the client has not taken all of it. */
  readonly onUntaken: () => void;
  /** Fields that the answer has, whatever it is. */
  readonly always: Fields;
}

/** An exchange over HTTP/1.1. All that is peculiar to HTTP/1.1 and node:http is here and in {@link HttpDoor}. */
export class Http1Exchange implements Exchange {
  readonly verb: string;
  readonly target: string;
  readonly body: RequestBody;
  readonly onFault: (fault: ClientFault) => void;
  /** The answer is complete; the client may have taken all of it, or not. */
  isAnswered = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #expectsContinue: boolean;
  readonly #deadlines: DeadlineWheel;
  readonly #stallMs: number;
  readonly #always: Fields;
  readonly #onUntaken: () => void;
  readonly #leaving = new AbortController();
  /** Somebody waits for what comes next of the body. */
  #isWanted = true;
  /** What may stand between two messages of the answer and says nothing. */
  #filler = "";
  #fields: readonly string[] | undefined;

  constructor(settings: Http1Settings) {
    const { request, response, expectsContinue, deadlines, stallMs, onFault, onUntaken, always } = settings;
    this.onFault = onFault;
    this.#onUntaken = onUntaken;
    this.#request = request;
    this.#response = response;
    this.#expectsContinue = expectsContinue;
    this.#deadlines = deadlines;
    this.#stallMs = stallMs;
    this.#always = always;
    this.verb = request.method ?? "";
    // A client may name the whole URI, as to a forward proxy (RFC 9112, section 3.2.2).
    this.target = (request.url ?? "").replace(/^https?:\/\/[^/?]*/i, "");
    this.body = new RequestBody(announced(request), {
      begin: () => {
        if (expectsContinue) response.writeContinue();
        request.on("readable", () => this.#pull()).once("end", () => this.body.end());
      },
      taken: () => {
        this.#isWanted = true;
        this.#pull();
      },
    });
    response.once("close", () => this.leave());
  }

  /** Takes all that has come at once: it may be thousands of chunks, and one after the other would take them in one turn. */
  #pull(): void {
    const bytes = this.#isWanted ? (this.#request.read() as Buffer | null) : null;
    if (bytes === null) return;
    this.#isWanted = false;
    this.body.push(bytes, bytes.length);
  }

  /** Nobody waits for the answer any more, or all of it is out. */
  leave(): void {
    this.body.fail(new PrismError("cancelled", "the client left before its request was complete"));
    if (!this.#response.writableFinished) this.#leaving.abort();
  }

  /** What comes is no request any more: one of which something is missing fails. */
  refuse(refusal: PrismError): void {
    if (!this.#request.complete) this.body.fail(refusal);
  }

  /** Whether all of the request has come. */
  get isReceived(): boolean {
    return this.#request.complete;
  }

  /** Says what changes nothing, to learn whether the client has gone: it does not hear it, and its connection breaks. */
  probe(): void {
    if (this.isAnswered || this.#request.httpVersion === "1.0") return;
    if (!this.begun) this.#response.writeContinue();
    else if (this.#filler !== "") this.#response.write(this.#filler);
  }

  /** The connection closes when the answer is out. */
  closeAfter(): void {
    if (!this.#response.headersSent) this.#response.setHeader("connection", "close");
  }

  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  get begun(): boolean {
    return this.#response.headersSent;
  }

  get fields(): readonly string[] {
    const { rawHeaders } = this.#request;
    return (this.#fields ??= rawHeaders.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text)));
  }

  /** Whom it is for, by its target where that is a whole URI, and by its Host; nobody over HTTP/1.0. */
  get hosts(): string[] {
    const { url = "", headers } = this.#request;
    const [, inTarget] = /^https?:\/\/([^/?]*)/i.exec(url) ?? [];
    return [inTarget, headers.host].filter((host) => host !== undefined);
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  begin(status: number, fields: Fields): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return;
    for (const [name, value] of Object.entries({ ...everyAnswer, ...this.#always, ...fields }))
      response.setHeader(name, value);
    this.#filler = fillers.get(fields["content-type"] ?? "") ?? "";
    // What is left of the body is not waited for, whoever sends it.
    const isCut = this.body.announcedBytes !== 0 && !this.#request.complete;
    if (isCut || asksToUpgrade(this.#request)) response.setHeader("connection", "close");
    response.writeHead(status);
    // A head that waits for its turn would be put in front of the 100 (Continue) that waits with it.
    if (this.#expectsContinue) response.flushHeaders();
  }

  async write(bytes: Uint8Array): Promise<void> {
    const response = this.#response;
    if (response.destroyed || this.left.aborted || response.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const deadline = this.#deadlines.add({ onDeadline: () => this.#onStall() }, this.#stallMs);
      const done = (): void => {
        this.#deadlines.remove(deadline);
        response.off("drain", done);
        this.left.removeEventListener("abort", done);
        resolve();
      };
      response.on("drain", done);
      this.left.addEventListener("abort", done);
    });
  }

  end(): void {
    const response = this.#response;
    this.isAnswered = true;
    response.end();
    if ((response.socket?.writableLength ?? 0) > 0) this.#onUntaken();
  }

  breakOff(): void {
    this.#response.destroy();
  }

  #onStall(): void {
    const message = `the client has taken nothing of its answer for ${this.#stallMs} ms`;
    this.onFault({ reason: "stall_ms", message });
    this.#response.destroy();
    this.leave();
  }
}

/** Of a request without a body it is 0; undefined where it comes in chunks. */
function announced({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"] ?? 0);
}

/** Behind it node:http passes over what it has read, taking it for another protocol's: nobody would answer that. */
function asksToUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? "");
}
