import { PrismError } from "../protocol/index.js";
import { MessageError, messageHeadBytes, MessageReader } from "../wire/index.js";

/** Puts the one message of a unary call together from DATA frames. What it gives is the taker's to keep. */
export class SingleMessage {
  readonly #reader: MessageReader;
  #message: Buffer | undefined;

  constructor(maxBytes: number) {
    this.#reader = new MessageReader(maxBytes);
  }

  /** Takes a view. A message over the bound, or a second one, is refused. */
  add(view: Buffer): void {
    for (const message of readMessages(this.#reader, view)) {
      if (this.#message) throw notOne();
      this.#message = message;
    }
  }

  /** The message, once the call says no more. */
  take(): Buffer {
    if (!this.#message || !this.#reader.atBoundary) throw notOne();
    return this.#message;
  }
}

/** Cuts DATA into messages; what breaks the framing or the bound becomes an error for the caller. */
export function readMessages(reader: MessageReader, bytes: Buffer): Buffer[] {
  try {
    return reader.push(bytes);
  } catch (reason) {
    if (!(reason instanceof MessageError)) throw reason;
    throw new PrismError(reason.tooLarge ? "overLimit" : "invalidRequest", reason.message);
  }
}

/** Whether DATA is one whole uncompressed message within the bound, so that it can be read where it lies. */
export function isWholeMessage(bytes: Buffer, maxBytes: number): boolean {
  const { length } = bytes;
  if (length < messageHeadBytes || bytes[0] !== 0 || length > maxBytes) return false;
  return bytes.readUInt32BE(1) === length - messageHeadBytes;
}

/** A call that carries one message carries none, or more. */
export function notOne(): PrismError {
  return new PrismError("invalidRequest", "the call does not carry exactly one message");
}
