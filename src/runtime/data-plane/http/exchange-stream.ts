import {
  type ClosedBy,
  ErrorCode,
  type HeaderList,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import { deaf } from "../common/deaf.js";
import type { Exchange } from "./exchange.js";
import type { Fields } from "../common/fields.js";
import { windowBytes } from "./http-limits.js";
import type { PacedBody } from "./request-body.js";

const nothing = Buffer.alloc(0);
/** What HTTP/1.1 lets a value hold (RFC 9110, section 5.5); HTTP/2 is less strict. */
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;

/** An exchange of HTTP/1.1 as a stream. Both ways it holds a window and no more. */
export class ExchangeStream implements Stream {
  readonly id = 0;
  listener: StreamListener = deaf;
  queuedBytes = 0;
  /** The answer is complete, though some of it may wait. */
  sendClosed = false;
  readonly #exchange: Exchange;
  readonly #body: PacedBody;
  readonly #pieces: Buffer[] = [];
  #isWriting = false;
  #isOver = false;
  /** Bytes of the request that have come and that nobody has dealt with yet. */
  #owedBytes = 0;
  #wakeReader: (() => void) | undefined;

  constructor(exchange: Exchange, body: PacedBody) {
    this.#exchange = exchange;
    this.#body = body;
    exchange.left.addEventListener("abort", () => this.#close(ErrorCode.CANCEL, "connection"), {
      once: true,
    });
  }

  /** Lets the request's body come, unless it has been answered already. Never rejects. */
  async read(): Promise<void> {
    let goesOn = !this.sendClosed;
    while (goesOn) {
      // It fails where the client leaves, or sends too slowly to be waited for.
      const piece = await this.#body.next().catch(() => "failed" as const);
      goesOn = this.#hear(piece);
      await this.#room();
    }
  }

  sendHeaders(headers: HeaderList, endStream: boolean): void {
    if (this.sendClosed) return;
    this.#exchange.begin(Number(headers.get(":status")), fieldsOf(headers));
    // So that the head goes out now, whenever the first message comes.
    this.sendData(nothing, endStream);
  }

  sendData(bytes: Uint8Array, endStream: boolean): number {
    if (this.sendClosed) return bytes.length;
    // A view that is valid only now, and it outlives the event.
    this.#pieces.push(Buffer.from(bytes));
    this.queuedBytes += bytes.length;
    this.sendClosed = endStream;
    if (!this.#isWriting) void this.#write();
    return 0;
  }

  sendRange(bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    return this.sendData(bytes.subarray(start, end), endStream);
  }

  reset(code: number): void {
    // An answer that is complete goes out, whatever is left of the request.
    if (this.#isOver || (this.sendClosed && code === ErrorCode.NO_ERROR)) return;
    this.#exchange.breakOff();
    this.#close(code, "local");
  }

  credit(bytes: number): void {
    this.#owedBytes = Math.max(0, this.#owedBytes - bytes);
    if (this.#owedBytes < windowBytes) this.#wakeReader?.();
  }

  /** Tells what has come of the request; false where there is no more. */
  #hear(piece: Buffer | "failed" | undefined): boolean {
    if (this.#isOver) return false;
    if (piece === "failed") this.reset(ErrorCode.CANCEL);
    else if (piece === undefined) this.listener.onData(this, nothing, 0, true);
    else {
      this.#owedBytes += piece.length;
      this.listener.onData(this, piece, piece.length, false);
      return true;
    }
    return false;
  }

  async #room(): Promise<void> {
    while (this.#owedBytes >= windowBytes) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    for (let piece; (piece = this.#pieces.shift());) {
      await this.#exchange.write(piece);
      if (this.#isOver) return;
      this.queuedBytes -= piece.length;
      if (piece.length > 0) this.listener.onDrain(this, piece.length);
    }
    this.#isWriting = false;
    if (!this.sendClosed) return;
    this.#exchange.end();
    this.#close(ErrorCode.NO_ERROR, "end");
  }

  #close(code: number, by: ClosedBy): void {
    if (this.#isOver) return;
    this.#isOver = this.sendClosed = true;
    this.#pieces.length = this.queuedBytes = this.#owedBytes = 0;
    this.#wakeReader?.();
    this.listener.onClose(this, code, by);
  }
}

/** Fields as HTTP/1.1 can say them: those of one name together, and no value that it could not carry. */
function fieldsOf({ fields }: HeaderList): Fields {
  const all: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    if (name.startsWith(":") || !valueForm.test(value)) continue;
    const before = all[name];
    all[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return all;
}
