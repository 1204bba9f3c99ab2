import { Duplex } from "node:stream";

/** The near end of a connection whose far end is a test: what is written is kept, and taken only while it is not choked. */
export class MemorySocket extends Duplex {
  #heard: Buffer[] = [];
  #taken: (() => void) | undefined;
  #isChoked = false;

  /** All that has been written so far. */
  get heard(): Buffer {
    const all = Buffer.concat(this.#heard);
    this.#heard = [all];
    return all;
  }

  /** The far end reads no more, or again. */
  choke(isChoked: boolean): void {
    this.#isChoked = isChoked;
    if (isChoked) return;
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  /** Bytes arrive, in a buffer that is used for something else when they have been read. */
  deliver(bytes: Buffer): void {
    const chunk = Buffer.from(bytes);
    this.emit("data", chunk);
    chunk.fill(0xee);
  }

  /** The far end says no more. */
  deliverEnd(): void {
    this.push(null);
  }

  override _read(): void {
    // What arrives is delivered.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#heard.push(Buffer.from(chunk));
    if (this.#isChoked) this.#taken = callback;
    else callback();
  }
}

/** A turn of the event loop: what was gathered for its end has gone out. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
