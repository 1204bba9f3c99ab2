/**
 * The load generator, one process, the same for every subject. Its job comes as JSON in its argument, its result goes
 * as JSON to stdout. A closed loop: each of `connections × streams` callers sends its next call when the last is answered.
 */
import { connect } from "node:net";
import { createHistogram } from "node:perf_hooks";
import {
  type ClientConnection,
  connectHttp2,
  HeaderList,
  type Stream,
  type StreamListener,
} from "../src/wire/index.js";
import { executeFetch, executeGet, objectBytes, putHead, typedGet } from "./messages.js";

/** What to send, where, and for how long. */
export interface LoadJob {
  readonly port: number;
  /** `get`: typed; `execute`: the same in the plugin protocol; `put`, `fetch`: an object. */
  readonly call: "get" | "execute" | "put" | "fetch";
  readonly path: string;
  readonly connections: number;
  readonly streams: number;
  readonly seconds: number;
  /** Bytes a second that each caller reads; 0 = as fast as they come. */
  readonly readBytesPerSecond: number;
}

/** What came of it. */
export interface LoadResult {
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const bodies = { get: typedGet, execute: executeGet, fetch: executeFetch, put: putHead };
const slice = Buffer.alloc(64 * 1024, 1);
const mostQueued = 512 * 1024;
const creditEveryMs = 20;

const job = JSON.parse(process.argv[2] ?? "{}") as LoadJob;
const headers = new HeaderList([
  ":method",
  "POST",
  ":scheme",
  "http",
  ":path",
  job.path,
  ":authority",
  `127.0.0.1:${job.port}`,
  "content-type",
  "application/grpc",
  "te",
  "trailers",
  "prism-namespace",
  "bench",
]);

const histogram = createHistogram();
const totals = { calls: 0, failed: 0, bytes: 0, stopped: false };

/** One caller: a call at a time, again and again. */
class Caller implements StreamListener {
  readonly #connection: ClientConnection;
  #began = 0;
  #left = 0;
  #status = "";
  #owed = 0;
  #stream: Stream | undefined;

  constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  next(): void {
    this.#began = performance.now();
    this.#status = "";
    const put = job.call === "put";
    this.#left = put ? objectBytes : 0;
    const stream = this.#connection.open(headers, false, this);
    this.#stream = stream;
    stream.sendData(bodies[job.call], !put);
    if (put) this.onDrain(stream);
  }

  /** Gives back a tick's worth of window, for a reader that is slow on purpose. */
  tick(): void {
    const bytes = Math.min(this.#owed, (job.readBytesPerSecond * creditEveryMs) / 1000);
    if (bytes === 0) return;
    this.#owed -= bytes;
    this.#stream?.credit(bytes);
  }

  onHeaders(_stream: Stream, received: HeaderList, endStream: boolean): void {
    if (endStream) this.#status = received.get("grpc-status") ?? "";
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number): void {
    totals.bytes += bytes.length;
    if (job.readBytesPerSecond === 0) stream.credit(windowBytes);
    else this.#owed += windowBytes;
  }

  onDrain(stream: Stream): void {
    while (this.#left > 0 && stream.queuedBytes < mostQueued && !stream.sendClosed) {
      this.#left -= slice.length;
      totals.bytes += slice.length;
      stream.sendData(slice, this.#left === 0);
    }
  }

  onClose(): void {
    if (totals.stopped) return;
    totals.calls++;
    if (this.#status !== "0") totals.failed++;
    histogram.record(Math.max(1, Math.round((performance.now() - this.#began) * 1000)));
    if (this.#connection.canOpen) queueMicrotask(() => this.next());
    else totals.failed++;
  }
}

const callers: Caller[] = [];
for (let c = 0; c < job.connections; c++) {
  const socket = connect({ host: "127.0.0.1", port: job.port, noDelay: true });
  const connection = connectHttp2(
    socket,
    {},
    { onAvailable: () => undefined, onGoaway: () => undefined, onClose: () => undefined },
  );
  for (let s = 0; s < job.streams; s++) callers.push(new Caller(connection));
}

const began = performance.now();
for (const caller of callers) caller.next();
if (job.readBytesPerSecond > 0) setInterval(() => callers.forEach((caller) => caller.tick()), creditEveryMs);
setTimeout(() => {
  const seconds = (performance.now() - began) / 1000;
  totals.stopped = true;
  const { calls, failed, bytes } = totals;
  const result: LoadResult = {
    calls,
    failed,
    bytes,
    seconds,
    p50Ms: histogram.percentile(50) / 1000,
    p99Ms: histogram.percentile(99) / 1000,
  };
  process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
}, job.seconds * 1000);
