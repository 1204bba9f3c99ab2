import { createGunzip, createInflate, type Gunzip, type Inflate } from "node:zlib";
import { PrismError } from "../../../protocol/index.js";
import { Gathered } from "../../../wire/index.js";
import * as failures from "../common/message-failures.js";
import type { Deadline, DeadlineWheel, Timed } from "../common/deadline-wheel.js";
import { type Encoding, inflateAtOnce } from "../common/encoding.js";
import type { MemoryBudget } from "../common/memory-budget.js";

/** Who waits for a message to be inflated. */
export interface InflationListener {
  /** All of the message, in order. It counts as held no more: whoever sends it on counts it from here. */
  onInflated(pieces: readonly Buffer[], bytes: number): void;
  /** So many compressed bytes, which {@link Inflation.push} said would wait, have been dealt with. */
  onTaken(bytes: number): void;
  /** There will be no message. */
  onNotInflated(error: PrismError): void;
}

/** What inflating needs to know. */
export interface InflationSettings {
  readonly encoding: Encoding;
  /** `server.limits.message_bytes`; 0 = unlimited. */
  readonly messageBytes: number;
  /** What all messages that are being inflated may hold: `server.limits.inflating_bytes`. */
  readonly budget: MemoryBudget;
  /** From its begin to its last byte: `server.limits.inflating_ms`. */
  readonly withinMs: number;
  readonly deadlines: DeadlineWheel;
}

/** The largest message where `server.limits.message_bytes` sets no bound: its size goes before it, so it is held whole. */
export const mostInflatedBytes = 64 * 1024 * 1024;

/** Up to here, compressed and inflated, it is done at once, in a fraction of a millisecond; beyond, off the event loop. */
const atOnceBytes = 64 * 1024;
/** What zlib holds for a message that it inflates piece by piece: its window, its state and a piece. */
const engineBytes = 128 * 1024;
/** What a piece costs beside its bytes: many tiny ones may not cost more than they say. */
const pieceOverhead = 256;

/**
 * One compressed message on its way to being none. Small ones are gathered and inflated at once, larger ones as they
 * come, by zlib's threads; either way what comes out is counted as it comes out, so a bomb stops at the bound.
 */
export class Inflation implements Timed {
  readonly #settings: InflationSettings;
  readonly #listener: InflationListener;
  readonly #most: number;
  readonly #deadline: Deadline;
  /** It is so small that it is gathered first. */
  #isGathered: boolean;
  readonly #waiting = new Gathered();
  #compressedBytes = 0;
  #isComplete = false;
  #engine: Gunzip | Inflate | undefined;
  /** The engine has not dealt with what it got last. */
  #isBusy = false;
  /** Of what has come: what was said to wait and has not been given to the engine. */
  #toTell = 0;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** What is taken from the budget. */
  #held = 0;
  #isOver = false;

  constructor(compressedBytes: number, settings: InflationSettings, listener: InflationListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#most = settings.messageBytes || mostInflatedBytes;
    this.#isGathered = compressedBytes <= atOnceBytes;
    this.#deadline = settings.deadlines.add(this, settings.withinMs);
  }

  /** The message has been inflated, or there will be none. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes more of the compressed message. Returns the bytes dealt with at once; of the rest `onTaken` tells. */
  push(bytes: Buffer): number {
    this.#compressedBytes += bytes.length;
    this.#waiting.push(bytes);
    if (this.#isGathered) {
      // Bytes that wait for a window could fill the connection's with messages of which none is complete.
      this.#hold(bytes.length + pieceOverhead);
      return bytes.length;
    }
    this.#toTell += bytes.length;
    this.#feed();
    return 0;
  }

  /** The compressed message is complete. */
  end(): void {
    this.#isComplete = true;
    if (this.#isGathered) this.#inflateAtOnce();
    else this.#feed();
  }

  /** Lets go of everything. Safe to call twice. */
  destroy(): void {
    this.#isOver = true;
    this.#settings.deadlines.remove(this.#deadline);
    this.#engine?.destroy();
    this.#waiting.take();
    this.#pieces = [];
    this.#settings.budget.give(this.#held);
    this.#held = 0;
  }

  onDeadline(): void {
    this.#fail(failures.messageTooSlow(this.#settings.withinMs));
  }

  #inflateAtOnce(): void {
    const { encoding } = this.#settings;
    try {
      const mostBytes = Math.min(atOnceBytes, this.#most);
      const compressed = this.#waiting.take();
      const inflated = inflateAtOnce(compressed, encoding, mostBytes);
      this.#isGathered = inflated !== undefined;
      if (!inflated) {
        this.#waiting.push(compressed);
        return this.#feed();
      }
      this.#pieces = [inflated];
      this.#bytes = inflated.length;
    } catch (reason) {
      return this.#fail(PrismError.from(reason));
    }
    this.#succeed();
  }

  /** Gives the engine what has come while it was busy, all at once: small pieces cost no more than large ones. */
  #feed(): void {
    if (this.#isBusy || this.#isOver) return;
    if (!this.#engine && !this.#hold(engineBytes)) return;
    const engine = (this.#engine ??= this.#start());
    if (this.#waiting.length === 0) {
      if (this.#isComplete) engine.end();
      return;
    }
    const bytes = this.#waiting.take();
    const told = this.#toTell;
    this.#toTell = 0;
    this.#isBusy = true;
    engine.write(bytes, () => {
      this.#isBusy = false;
      if (this.#isOver) return;
      this.#listener.onTaken(told);
      this.#feed();
    });
  }

  #start(): Gunzip | Inflate {
    const { encoding } = this.#settings;
    const create = encoding === "gzip" ? createGunzip : createInflate;
    const engine = create({ chunkSize: atOnceBytes });
    return engine
      .on("data", (piece: Buffer) => this.#onPiece(piece))
      .on("end", () => this.#onEngineEnd(engine.bytesWritten))
      .on("error", () => this.#fail(failures.notInflatable(encoding)));
  }

  /** What comes behind the end of the compressed data belongs to no message. */
  #onEngineEnd(consumed: number): void {
    if (this.#isComplete && consumed === this.#compressedBytes) this.#succeed();
    else this.#fail(failures.notInflatable(this.#settings.encoding));
  }

  #onPiece(piece: Buffer): void {
    if (this.#isOver) return;
    this.#bytes += piece.length;
    if (this.#bytes > this.#most) this.#fail(failures.inflatesTooLarge(this.#most));
    else if (this.#hold(piece.length + pieceOverhead)) this.#pieces.push(piece);
  }

  #hold(bytes: number): boolean {
    const isRoom = this.#settings.budget.take(bytes);
    if (isRoom) this.#held += bytes;
    else this.#fail(failures.tooMuchInflating());
    return isRoom;
  }

  #succeed(): void {
    if (this.#isOver) return;
    const pieces = this.#pieces;
    this.destroy();
    this.#listener.onInflated(pieces, this.#bytes);
  }

  #fail(error: PrismError): void {
    if (this.#isOver) return;
    this.destroy();
    this.#listener.onNotInflated(error);
  }
}
