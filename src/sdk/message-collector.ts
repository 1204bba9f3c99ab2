import { PrismError } from "../protocol/index.js";

const frameBytes = 5;

/** Puts one gRPC message together from DATA frames. Never allocates by a length it was told. */
export class MessageCollector {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Copies a view. Over the bound it throws. */
  add(view: Buffer): void {
    this.#bytes += view.length;
    if (this.#bytes > this.#maxBytes + frameBytes) {
      throw new PrismError(
        "overLimit",
        `the message is larger than ${this.#maxBytes} bytes, which the plugin takes at most`,
      );
    }
    this.#chunks.push(Buffer.from(view));
  }

  /** The whole, behind its frame's header; ours to keep. */
  take(): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks;
    return this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }
}

/** Refuses what is not exactly one uncompressed message. */
export function checkSingleFrame(framed: Buffer): void {
  if (framed.length < frameBytes || framed.readUInt32BE(1) !== framed.length - frameBytes) {
    throw new PrismError("invalidRequest", "the call does not carry exactly one message");
  }
  if (framed[0] !== 0) throw new PrismError("notAvailableYet", "the message is compressed: send it as it is");
}
