import { connect } from "node:net";
import {
  type ClientConnection,
  connectHttp2,
  HeaderList,
  type Stream,
  type StreamListener,
} from "../../src/wire/index.js";
import { executeFetch, objectBytes, putHead } from "../plugin/messages.js";
import type { Objects } from "./jobs.js";
import { record, type Tally } from "./tally.js";

const slice = Buffer.alloc(64 * 1024, 1);
const mostQueued = 512 * 1024;
const creditEveryMs = 20;

/** Puts or fetches objects for as long as the job says. */
export async function runObjects(job: Objects, tally: Tally): Promise<void> {
  const quiet = { onAvailable: () => undefined, onGoaway: () => undefined, onClose: () => undefined };
  const connections = Array.from({ length: job.connections }, () => {
    const place = "port" in job.target ? { host: "127.0.0.1", port: job.target.port } : job.target;
    return connectHttp2(connect({ ...place, noDelay: true }), {}, quiet);
  });
  const callers = connections.flatMap((connection) =>
    Array.from({ length: job.streams }, () => new Caller(connection, job, tally)),
  );
  for (const caller of callers) caller.next();
  const isSlow = job.readBytesPerSecond > 0;
  const credits = isSlow && setInterval(() => callers.forEach((caller) => caller.tick()), creditEveryMs);
  await new Promise((resolve) => setTimeout(resolve, job.seconds * 1000));
  if (credits) clearInterval(credits);
  for (const caller of callers) caller.stop();
  for (const connection of connections) connection.destroy();
}

/** One caller: an object at a time, again and again. */
class Caller implements StreamListener {
  readonly #connection: ClientConnection;
  readonly #job: Objects;
  readonly #tally: Tally;
  readonly #headers: HeaderList;
  #began = 0;
  #left = 0;
  #status = "";
  #owed = 0;
  #stream: Stream | undefined;
  #isStopped = false;

  constructor(connection: ClientConnection, job: Objects, tally: Tally) {
    this.#connection = connection;
    this.#job = job;
    this.#tally = tally;
    const gRpc = ["content-type", "application/grpc", "te", "trailers", "prism-namespace", "objects"];
    const request = [":method", "POST", ":scheme", "http", ":path", job.method, ":authority", "127.0.0.1"];
    this.#headers = new HeaderList([...request, ...gRpc]);
  }

  next(): void {
    this.#began = performance.now();
    this.#status = "";
    const isPut = this.#job.direction === "put";
    this.#left = isPut ? objectBytes : 0;
    const stream = this.#connection.open(this.#headers, false, this);
    this.#stream = stream;
    stream.sendData(isPut ? putHead : executeFetch, !isPut);
    if (isPut) this.onDrain(stream);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Gives back a tick's worth of window, for a reader that is slow on purpose. */
  tick(): void {
    const bytes = Math.min(this.#owed, (this.#job.readBytesPerSecond * creditEveryMs) / 1000);
    if (bytes === 0) return;
    this.#owed -= bytes;
    this.#stream?.credit(bytes);
  }

  onHeaders(_stream: Stream, received: HeaderList, endStream: boolean): void {
    if (endStream) this.#status = received.get("grpc-status") ?? "";
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number): void {
    this.#tally.bytes += bytes.length;
    if (this.#job.readBytesPerSecond === 0) stream.credit(windowBytes);
    else this.#owed += windowBytes;
  }

  onDrain(stream: Stream): void {
    while (this.#left > 0 && stream.queuedBytes < mostQueued && !stream.sendClosed) {
      this.#left -= slice.length;
      this.#tally.bytes += slice.length;
      stream.sendData(slice, this.#left === 0);
    }
  }

  onClose(): void {
    if (this.#isStopped) return;
    record(this.#tally, performance.now() - this.#began);
    if (this.#status !== "0") this.#tally.failed++;
    if (this.#connection.canOpen) queueMicrotask(() => this.next());
    else this.#tally.failed++;
  }
}
