import { ConnectionError, ErrorCode } from "./error-code.js";

/** Gathers HEADERS and its CONTINUATIONs to one block (RFC 9113, section 4.3), bounded while it arrives. */
export class HeaderBlock {
  /** The stream whose block is being gathered; 0 = none. */
  stream = 0;
  endStream = false;
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #mostBytes: number;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Begins a block whose end is still to come. */
  begin(stream: number, endStream: boolean, fragment: Buffer): void {
    this.stream = stream;
    this.endStream = endStream;
    this.#parts = [];
    this.#bytes = 0;
    this.#add(fragment);
  }

  /** Takes a CONTINUATION; gives the whole block with the last one. */
  go(fragment: Buffer, last: boolean): Buffer | undefined {
    // Empty ones would be a flood that no byte bound stops (CVE-2024-27316).
    if (fragment.length === 0 && !last) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "an empty CONTINUATION");
    }
    this.#add(fragment);
    if (!last) return undefined;
    this.stream = 0;
    return Buffer.concat(this.#parts);
  }

  #add(fragment: Buffer): void {
    this.#bytes += fragment.length;
    if (this.#bytes > this.#mostBytes) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block of more than ${this.#mostBytes} bytes`,
      );
    }
    this.#parts.push(Buffer.from(fragment));
  }
}
