import { writeSync } from "node:fs";
import type { LineSink } from "../../protocol/index.js";

/** How often a terminal that is held (Ctrl-S) is tried again. */
const retryMs = 50;

/**
 * Lines for a file or a terminal, by its descriptor. A file takes them at once; a terminal whose descriptor does not block
 * says when it takes none, and is tried again.
 */
export class DescriptorSink implements LineSink {
  onFlow: () => void = () => undefined;
  onLost: () => void = () => undefined;
  readonly #descriptor: number;
  readonly #lines: Buffer[] = [];
  #waitingBytes = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    this.#lines.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#retry) this.#writeAll();
  }

  #writeAll(): void {
    this.#retry = undefined;
    for (let line = this.#lines[0]; line !== undefined; line = this.#lines[0]) {
      const written = this.#tryWrite(line);
      if (written === undefined) {
        this.#retry = setTimeout(() => this.#writeAll(), retryMs).unref();
        return;
      }
      this.#waitingBytes -= written;
      if (written < line.length) this.#lines[0] = line.subarray(written);
      else this.#lines.shift();
    }
    this.onFlow();
  }

  /** How many bytes are done with, undefined = none can be written just now. */
  #tryWrite(line: Buffer): number | undefined {
    try {
      return writeSync(this.#descriptor, line);
    } catch (reason) {
      if (reason instanceof Error && "code" in reason && reason.code === "EAGAIN") return undefined;
      this.onLost();
      return line.length;
    }
  }
}
