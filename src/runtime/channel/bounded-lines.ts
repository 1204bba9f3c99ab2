import { textForEyes } from "../../protocol/index.js";

/** How much of a plugin's output is taken. */
export interface OutputBounds {
  /** A longer line is cut there. */
  readonly lineBytes: number;
  /** Lines beyond that are counted and dropped. */
  readonly linesPerSecond: number;
  /** What is beyond that is not read before the second is over: the plugin waits for itself. */
  readonly bytesPerSecond: number;
}

/** What is taken of a plugin's output where nothing else is said. */
const outputBounds: OutputBounds = {
  lineBytes: 8 * 1024,
  linesPerSecond: 200,
  bytesPerSecond: 16 * 1024 * 1024,
};

/** The stream that the lines come from, as much of it as is needed here. */
export interface PausableStream {
  pause(): unknown;
  resume(): unknown;
}

const newline = 0x0a;

/** Cuts a plugin's output into lines, bounded in length and rate, so that one that floods harms nobody. */
export class BoundedLines {
  readonly #stream: PausableStream;
  readonly #bounds: OutputBounds;
  readonly #onLine: (line: string) => void;
  /** The beginning of a line whose end has not come. */
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #second: NodeJS.Timeout | undefined;
  #lines = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(stream: PausableStream, onLine: (line: string) => void, bounds: OutputBounds = outputBounds) {
    this.#stream = stream;
    this.#onLine = onLine;
    this.#bounds = bounds;
  }

  /** Takes what was read. */
  write(chunk: Buffer): void {
    this.#second ??= setTimeout(() => this.#nextSecond(), 1000).unref();
    this.#bytes += chunk.length;
    let from = 0;
    while (this.#lines < this.#bounds.linesPerSecond) {
      const end = chunk.indexOf(newline, from);
      if (end < 0) {
        this.#keep(chunk.subarray(from));
        from = chunk.length;
        break;
      }
      this.#keep(chunk.subarray(from, end));
      this.#emit();
      from = end + 1;
    }
    if (from < chunk.length) this.#drop(chunk, from);
    if (this.#bytes >= this.#bounds.bytesPerSecond) this.#stream.pause();
  }

  /** The output is over: tells the last line, and what was dropped. */
  end(): void {
    clearTimeout(this.#second);
    this.#second = undefined;
    if (this.#partialBytes > 0) this.#emit();
    this.#tellDropped();
  }

  #keep(bytes: Buffer): void {
    const room = this.#bounds.lineBytes - this.#partialBytes;
    this.#partialBytes += bytes.length;
    // A copy: the chunk is a view of a buffer that would be kept alive.
    if (room > 0 && bytes.length > 0) this.#partial.push(Buffer.from(bytes.subarray(0, room)));
  }

  #emit(): void {
    const cut = this.#partialBytes > this.#bounds.lineBytes;
    const line = textForEyes(Buffer.concat(this.#partial));
    this.#partial = [];
    this.#partialBytes = 0;
    this.#lines++;
    this.#onLine(cut ? `${line}…` : line.replace(/\r$/, ""));
  }

  /** Counts the rest of a chunk's lines; what follows its last newline begins a line that is kept. */
  #drop(chunk: Buffer, from: number): void {
    let last = from - 1;
    // A loop over the bytes: indexOf would cost a call a line, and lines may be short.
    for (let i = from; i < chunk.length; i++) {
      if (chunk[i] !== newline) continue;
      this.#dropped++;
      last = i;
    }
    if (last >= from) {
      this.#partial = [];
      this.#partialBytes = 0;
    }
    this.#keep(chunk.subarray(last + 1));
  }

  #nextSecond(): void {
    this.#second = undefined;
    this.#tellDropped();
    this.#lines = 0;
    if (this.#bytes >= this.#bounds.bytesPerSecond) this.#stream.resume();
    this.#bytes = 0;
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#onLine(`${this.#dropped} lines dropped: at most ${this.#bounds.linesPerSecond} a second are taken`);
    this.#dropped = 0;
  }
}
