import { overLimit } from "./error-code.js";

/** Gathers HEADERS and its CONTINUATIONs to one block (RFC 9113, section 4.3), bounded while it arrives. */
export class HeaderBlock {
  /** The stream whose block is being gathered; 0 = none. */
  stream = 0;
  endStream = false;
  /** When its first byte came. */
  since = 0;
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #mostBytes: number;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Begins a block whose end is still to come. The fragment is copied. */
  begin(stream: number, endStream: boolean, fragment: Buffer): void {
    this.stream = stream;
    this.endStream = endStream;
    this.since = performance.now();
    this.#parts = [];
    this.#bytes = 0;
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
    const block = Buffer.concat(this.#parts);
    this.stream = 0;
    this.#parts = [];
    return block;
  }

  #add(fragment: Buffer): void {
    this.#bytes += fragment.length;
    if (this.#bytes > this.#mostBytes) {
      throw overLimit("header_bytes", `a header block of more than ${this.#mostBytes} bytes`);
    }
    this.#parts.push(Buffer.from(fragment));
  }
}
