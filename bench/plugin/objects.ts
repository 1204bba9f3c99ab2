/**
 * The plugin behind the subjects that carry objects: `put` counts an object's bytes, `fetch` sends one. Speaks the plugin
 * protocol on the Unix socket given as its argument and says `ready` when it listens.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { HeaderList, serveHttp2, type Stream, type StreamListener } from "../../src/wire/index.js";
import { lifeCycle } from "./life-cycle.js";
import { fetchHead, objectBytes, putAnswer } from "./messages.js";

const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const ok = new HeaderList(["grpc-status", "0"]);
const slice = Buffer.alloc(64 * 1024, 1);
const mostQueued = 512 * 1024;

/** Sends one object, as fast as the other side drains. */
class Fetch implements StreamListener {
  #left = objectBytes;

  begin(stream: Stream): void {
    stream.sendHeaders(head, false);
    stream.sendData(fetchHead, false);
    this.onDrain(stream);
  }

  onDrain(stream: Stream): void {
    while (this.#left > 0 && stream.queuedBytes < mostQueued && !stream.sendClosed) {
      const bytes = Math.min(this.#left, slice.length);
      this.#left -= bytes;
      stream.sendData(bytes === slice.length ? slice : slice.subarray(0, bytes), false);
      if (this.#left === 0) stream.sendHeaders(ok, true);
    }
  }

  onHeaders(): void {}
  onClose(): void {}

  onData(stream: Stream, _bytes: Buffer, windowBytes: number): void {
    stream.credit(windowBytes);
  }
}

/** Reads a request and answers it once it is whole. */
class Execute implements StreamListener {
  #operation = "";

  onHeaders(): void {}
  onDrain(): void {}
  onClose(): void {}

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    if (this.#operation === "" && bytes.length > 7) {
      this.#operation = bytes.toString("latin1", 7, 7 + (bytes[6] ?? 0));
    }
    stream.credit(windowBytes);
    if (!endStream) return;
    if (this.#operation === "fetch") {
      const fetch = new Fetch();
      stream.listener = fetch;
      fetch.begin(stream);
      return;
    }
    reply(stream, putAnswer);
  }
}

/** Answers the calls of the life cycle. */
class Fixed implements StreamListener {
  readonly #message: Buffer;

  constructor(message: Buffer) {
    this.#message = message;
  }

  onHeaders(): void {}
  onDrain(): void {}
  onClose(): void {}

  onData(stream: Stream, _bytes: Buffer, windowBytes: number, endStream: boolean): void {
    stream.credit(windowBytes);
    if (endStream) reply(stream, this.#message);
  }
}

function reply(stream: Stream, message: Uint8Array): void {
  stream.sendHeaders(head, false);
  stream.sendData(message, false);
  stream.sendHeaders(ok, true);
}

const socketPath = process.argv[2] ?? "";
rmSync(socketPath, { force: true });
createServer((socket) => {
  serveHttp2(
    socket,
    {},
    {
      onRequest: (_stream, headers) => {
        const fixed = lifeCycle.get(headers.get(":path") ?? "");
        return fixed ? new Fixed(fixed) : new Execute();
      },
      onClose: () => undefined,
    },
  );
}).listen(socketPath, () => process.stdout.write("ready\n"));
process.stdin.resume().on("end", () => process.exit(0));
