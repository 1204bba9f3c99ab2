import { Gathered } from "../../../wire/index.js";
import type { Turns } from "./turns.js";

const headEnd = Buffer.from("\r\n\r\n");
const nothing = Buffer.alloc(0);
/** So much of a body in chunks is read at once: it may be 700 chunks, each of which costs as much as a large one. */
const pieceBytes = 4096;
/** What a client may send ahead while it is served. What it sends beyond stays in its socket. */
const mostHeld = 64 * 1024;

/** What may be read now: of the next request, of the one whose body comes, nothing yet, or nothing any more. */
export type Turn = "head" | "body" | "wait" | "over";

/** Whom the bytes are for, and when. */
export interface Fed {
  readonly turn: Turn;
  /** Reads bytes; what they ask for is begun within that. */
  parse(bytes: Buffer): void;
  /** All bytes have been read, and no more will come. */
  finish(): void;
  /** More has come than is held: let no more come, or let it come again. */
  hold(isFull: boolean): void;
}

/**
 * Hands the bytes of a connection on a request at a time: node:http would begin all that stand in what was read at once,
 * so that none saw what those before it did, and a client that reads nothing could begin as many as it likes. It is
 * handed no byte beyond the end of a message, as far as that can be told: behind a head, and behind a body in chunks, there
 * is an empty line; any other body tells its length.
 */
export class Http1Feed {
  readonly #fed: Fed;
  readonly #turns: Turns;
  #rest: Buffer = nothing;
  /** What has come behind the rest. */
  readonly #behind = new Gathered();
  #hasEnded = false;
  #isFull = false;
  /** What is left of a body that tells its length. */
  #bodyLeft = 0;
  /** How much of an empty line's bytes the last ones read were. */
  #matched = 0;
  /** A piece of a body in chunks waits for a turn of the event loop. */
  #isWaiting = false;

  constructor(fed: Fed, turns: Turns) {
    this.#fed = fed;
    this.#turns = turns;
  }

  /** A request has begun whose body is so long; undefined where it comes in chunks. */
  expectBody(bytes: number | undefined): void {
    this.#bodyLeft = bytes ?? 0;
  }

  /** Bytes have come. */
  push(bytes: Buffer): void {
    if (this.#rest.length === 0) this.#rest = bytes;
    else this.#behind.push(bytes);
    this.goOn();
  }

  /** No more will come. */
  end(): void {
    this.#hasEnded = true;
    this.goOn();
  }

  /** Hands on what has its turn. To be called whenever that may have come. */
  goOn(): void {
    while (!this.#isWaiting && this.#next()) {
      const { turn } = this.#fed;
      if (turn === "wait") break;
      if (turn === "over") return this.#drop();
      if (turn === "head" || this.#bodyLeft > 0)
        this.#parse(turn === "head" ? this.#ofHead() : this.#ofBody());
      else this.#parseChunks();
    }
    this.#setFull(this.#rest.length + this.#behind.length > mostHeld);
    if (!this.#hasEnded || this.#isWaiting || this.#rest.length > 0) return;
    this.#hasEnded = false;
    this.#fed.finish();
  }

  /** Chunks may be as small as a byte: what they cost goes by their number, so they are read as the event loop has time. */
  #parseChunks(): void {
    const parsed = this.#turns.run(() => {
      // While it waited, its turn may have gone by.
      if (this.#fed.turn === "body") this.#parse(this.#ofHead(pieceBytes));
    });
    if (parsed === undefined) return;
    this.#isWaiting = true;
    void parsed.then(() => {
      this.#isWaiting = false;
      this.goOn();
    });
  }

  #parse(length: number): void {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.#fed.parse(bytes);
  }

  /** Whether there is something to read. */
  #next(): boolean {
    if (this.#rest.length === 0 && this.#behind.length > 0) this.#rest = this.#behind.take();
    return this.#rest.length > 0;
  }

  #ofBody(): number {
    const length = Math.min(this.#bodyLeft, this.#rest.length);
    this.#bodyLeft -= length;
    this.#matched = 0;
    return length;
  }

  /** Up to and with the next empty line, which may have begun in what was read before; at most so many bytes. */
  #ofHead(most = this.#rest.length): number {
    const rest = this.#rest.subarray(0, most);
    const missing = headEnd.subarray(this.#matched, this.#matched + rest.length);
    if (this.#matched > 0 && rest.subarray(0, missing.length).equals(missing)) {
      this.#matched = (this.#matched + missing.length) % headEnd.length;
      return missing.length;
    }
    const at = rest.indexOf(headEnd);
    this.#matched = at < 0 ? matchedAtEnd(rest) : 0;
    return at < 0 ? rest.length : at + headEnd.length;
  }

  #setFull(isFull: boolean): void {
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#fed.hold(isFull);
  }

  #drop(): void {
    this.#rest = nothing;
    this.#behind.take();
  }
}

/** How many bytes at the end could be the begin of an empty line. */
function matchedAtEnd(bytes: Buffer): number {
  for (const length of [3, 2, 1]) {
    if (length <= bytes.length && bytes.subarray(-length).equals(headEnd.subarray(0, length))) return length;
  }
  return 0;
}
