import { overLimit } from "./connection-error.js";
import { Gathered } from "./gathered.js";

/** What is larger than is taken is read and thrown away, so that the table of HPACK stays right: up to so many times what is taken. */
const mostTimes = 4;
/** What a frame counts for at least: one of a byte takes as long to read as one of sixteen. */
const leastFrameBytes = 16;

/** Gathers HEADERS and its CONTINUATIONs to one block (RFC 9113, section 4.3), bounded while it arrives. */
export class HeaderBlock {
  /** The stream whose block is being gathered; 0 = none. */
  stream = 0;
  endStream = false;
  /** When its first byte came. */
  since = 0;
  readonly #gathered = new Gathered();
  readonly #mostBytes: number;
  #counted = 0;

  /** Takes `headerBytes`, and decodes four times as many: what is beyond ends the connection. */
  constructor(headerBytes: number) {
    this.#mostBytes = headerBytes * mostTimes;
  }

  /** Begins a block whose end is still to come. The fragment is copied. */
  begin(stream: number, endStream: boolean, fragment: Buffer): void {
    this.stream = stream;
    this.endStream = endStream;
    this.since = performance.now();
    this.#gathered.take();
    this.#counted = 0;
    this.#add(fragment);
  }

  /** Takes a CONTINUATION; gives the whole block with the last one. */
  go(fragment: Buffer, isLast: boolean): Buffer | undefined {
    // Empty ones would be a flood that no byte bound stops (CVE-2024-27316).
    if (fragment.length === 0 && !isLast) {
      throw overLimit("header_bytes", "an empty CONTINUATION");
    }
    this.#add(fragment);
    if (!isLast) return undefined;
    this.stream = 0;
    return this.#gathered.take();
  }

  #add(fragment: Buffer): void {
    this.#counted += Math.max(fragment.length, leastFrameBytes);
    if (this.#counted > this.#mostBytes) {
      throw overLimit("header_bytes", `a header block of more than ${this.#mostBytes} bytes`);
    }
    this.#gathered.push(fragment);
  }
}
