/** What takes lines and never keeps its writer waiting. */
export interface LineSink {
  /** Bytes that nobody has taken yet. */
  readonly waitingBytes: number;
  /** Takes a line, or keeps it until it can be written. What is lost is told by `onLost`. */
  write(line: string): void;
  /** Nothing waits any more. */
  onFlow: () => void;
  /** A line could not be written: whoever read it is gone, or the disk is full. */
  onLost: () => void;
}

/** What may wait for a reader that stalls. */
const mostWaitingBytes = 1024 * 1024;

/**
 * Where log lines leave the process. A reader that stalls costs the lines that come meanwhile, beyond a bound in bytes, and
 * nothing else: whoever writes goes on. What was dropped is counted, and told once lines flow again.
 */
export class LineOutlet {
  /** Told how many lines were dropped since it was told last, once lines flow again. */
  onDropped: (lines: number) => void = () => undefined;
  readonly #sink: LineSink;
  readonly #mostBytes: number;
  #dropped = 0;
  #untold = 0;
  #flushed: (() => void) | undefined;

  constructor(sink: LineSink, mostBytes = mostWaitingBytes) {
    this.#sink = sink;
    this.#mostBytes = mostBytes;
    sink.onFlow = () => this.#flow();
    sink.onLost = () => this.#drop();
  }

  /** Lines dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#sink.waitingBytes + line.length > this.#mostBytes) this.#drop();
    else this.#sink.write(line);
  }

  /** Waits until everything is written, at most so long. */
  async flush(ms: number): Promise<void> {
    if (this.#sink.waitingBytes === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, ms);
      this.#flushed = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  #drop(): void {
    this.#dropped++;
    this.#untold++;
  }

  #flow(): void {
    this.#flushed?.();
    const lines = this.#untold;
    this.#untold = 0;
    if (lines > 0) this.onDropped(lines);
  }
}
