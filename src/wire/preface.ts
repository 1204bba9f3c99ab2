import { protocolError } from "./connection-error.js";
import { http2Preface } from "./frame.js";

/** Reads the 24 bytes that a client begins with (RFC 9113, section 3.4), however they are split. */
export class PrefaceReader {
  #seen = 0;

  get isDone(): boolean {
    return this.#seen === http2Preface.length;
  }

  /** Takes what belongs to the preface, and gives the offset behind it. Throws where it is anything else. */
  take(chunk: Buffer): number {
    const bytes = Math.min(chunk.length, http2Preface.length - this.#seen);
    if (http2Preface.compare(chunk, 0, bytes, this.#seen, this.#seen + bytes) !== 0) {
      throw protocolError("not the preface of HTTP/2");
    }
    this.#seen += bytes;
    return bytes;
  }
}
