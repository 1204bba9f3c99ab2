import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { HeaderList } from "../../src/wire/index.js";
import { smallMessages } from "../plugin/messages.js";
import { FrameLink, type FrameListener } from "./frame-link.js";
import { type Field, field, IndexingEncoder } from "./indexing-encoder.js";
import type { SmallCalls } from "./jobs.js";
import { record, type Tally } from "./tally.js";

/** Traceparents made beforehand: far more than a header table holds, so each is new to it. */
const traces = 4096;
/** Calls on their way on one connection at most, as a power of two. */
const mostRunning = 2 ** 16;
/** How long the last answers may take. */
const lastAnswersMs = 2_000;

/** Makes small calls for as long as the job says. */
export async function runSmallCalls(job: SmallCalls, tally: Tally): Promise<void> {
  const fields = new Fields(job);
  const lines = Array.from({ length: job.connections }, () => new Line(job, fields, tally));
  await Promise.all(lines.map(({ ready }) => ready));
  if (job.perSecond > 0) await openLoop(job, lines);
  else await closedLoop(job, lines);
  await lastAnswers(lines);
  for (const line of lines) line.close();
}

async function closedLoop({ streams, seconds }: SmallCalls, lines: readonly Line[]): Promise<void> {
  const now = performance.now();
  for (const line of lines) {
    line.repeats = true;
    for (let i = 0; i < streams; i++) line.send(now);
    line.flush();
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  for (const line of lines) line.repeats = false;
}

/** Looks at the clock without a pause, which takes a core: a timer would be late by more than the calls take. */
async function openLoop({ perSecond, seconds }: SmallCalls, lines: readonly Line[]): Promise<void> {
  const began = performance.now();
  const total = Math.round(perSecond * seconds);
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - began) * perSecond) / 1000));
    for (; sent < due; sent++) {
      const line = lines[sent % lines.length];
      line?.send(began + (sent * 1000) / perSecond);
      line?.flush();
    }
    await new Promise(setImmediate);
  }
}

async function lastAnswers(lines: readonly Line[]): Promise<void> {
  const end = performance.now() + lastAnswersMs;
  while (lines.some(({ running }) => running > 0) && performance.now() < end) await new Promise(setImmediate);
}

/** The header fields of each call in turn. */
class Fields {
  readonly #lists: Field[][];
  readonly #traces: readonly Field[];
  #next = 0;

  constructor({ method, namespaces, traced }: SmallCalls) {
    const same = [
      field(":method", "POST"),
      field(":scheme", "http"),
      field(":path", method),
      field(":authority", "127.0.0.1"),
      field("content-type", "application/grpc"),
      field("user-agent", "bench"),
      field("te", "trailers"),
    ];
    const names = ["bench", ...Array.from({ length: namespaces - 1 }, (_, i) => `bench-${i}`)];
    this.#lists = names.map((name) => [...same, field("prism-namespace", name)]);
    this.#traces = Array.from({ length: traced ? traces : 0 }, () => field("traceparent", newTrace()));
  }

  next(): readonly Field[] {
    const list = this.#lists[this.#next % this.#lists.length] ?? [];
    const trace = this.#traces[this.#next++ % traces];
    return trace ? [...list, trace] : list;
  }
}

/** One connection with its calls. */
class Line implements FrameListener {
  /** Whether an answered call is followed by the next. */
  repeats = false;
  running = 0;
  readonly ready: Promise<void>;
  readonly #link: FrameLink;
  readonly #fields: Fields;
  readonly #tally: Tally;
  readonly #message: Buffer;
  readonly #encoder = new IndexingEncoder();
  readonly #block = Buffer.alloc(1024);
  /** When each call was due, by its stream; 0 = it has ended. */
  readonly #dueAt = new Float64Array(mostRunning);
  #nextStream = 1;
  #isClosed = false;
  #settle!: { readonly resolve: () => void; readonly reject: (reason: Error) => void };

  constructor(job: SmallCalls, fields: Fields, tally: Tally) {
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#fields = fields;
    this.#tally = tally;
    this.#message = smallMessages[job.message];
    const place = "port" in job.target ? { host: "127.0.0.1", port: job.target.port } : job.target;
    this.#link = new FrameLink(connect({ ...place, noDelay: true }), "client", this);
  }

  send(due: number): void {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.running++;
    this.#dueAt[(stream >>> 1) & (mostRunning - 1)] = due;
    const end = this.#encoder.encode(this.#fields.next(), this.#block, 0);
    this.#link.headers(stream, this.#block.subarray(0, end), false);
    this.#link.data(stream, this.#message, true);
  }

  flush(): void {
    this.#link.flush();
  }

  close(): void {
    this.#isClosed = true;
    this.#tally.failed += this.running;
    this.#link.close();
  }

  onSettings(): void {
    this.#settle.resolve();
  }

  onHeaders(stream: number, headers: HeaderList, endStream: boolean): void {
    if (endStream) this.#onAnswer(stream, (headers.memo ??= headers.get("grpc-status") ?? "none") === "0");
  }

  onData(): void {}

  onReset(stream: number): void {
    this.#onAnswer(stream, false);
  }

  onGone(): void {
    if (!this.#isClosed) this.#settle.reject(new Error("the subject closed a connection"));
    if (!this.#isClosed) this.#tally.failed += this.running;
    this.running = 0;
  }

  /** Counts a call's end once: some servers reset a stream that they have answered. */
  #onAnswer(stream: number, isOk: boolean): void {
    const place = (stream >>> 1) & (mostRunning - 1);
    const due = this.#dueAt[place] ?? 0;
    if (this.#isClosed || due === 0) return;
    this.#dueAt[place] = 0;
    this.running--;
    if (!isOk) this.#tally.failed++;
    const now = performance.now();
    record(this.#tally, now - due);
    if (this.repeats) this.send(now);
  }
}

/** As the W3C has it: version, trace, span, sampled. */
function newTrace(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}
