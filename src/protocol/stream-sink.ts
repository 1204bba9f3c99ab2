import type { Writable } from "node:stream";
import type { LineSink } from "./line-outlet.js";

/** Lines for a pipe, a socket, or whatever else a stream writes without keeping its writer waiting. */
export class StreamSink implements LineSink {
  onFlow: () => void = () => undefined;
  onLost: () => void = () => undefined;
  readonly #stream: Writable;
  readonly #written = (reason?: Error | null): void => {
    if (reason) this.onLost();
    else if (this.#stream.writableLength === 0) this.onFlow();
  };

  constructor(stream: Writable) {
    this.#stream = stream;
    // EPIPE: nobody reads any more, which ends nothing. The line is told by its own callback.
    stream.on("error", () => undefined);
  }

  get waitingBytes(): number {
    return this.#stream.writableLength;
  }

  write(line: string): void {
    this.#stream.write(line, this.#written);
  }
}
