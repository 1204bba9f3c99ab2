/**
 * The plugin behind every subject: answers from memory, so that what is measured is the hop.
 *
 * `get` answers 100 bytes, `put` counts an object's bytes, `fetch` sends one. Speaks the plugin protocol on the Unix
 * socket given as its argument and says `ready` when it listens.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  HealthCheckResponseSchema,
  InitializeResponseSchema,
  ShutdownResponseSchema,
} from "../src/protocol/gen/prism/plugin/plugin_pb.js";
import { HeaderList, serveHttp2, type Stream, type StreamListener } from "../src/wire/index.js";
import { fetchHead, getAnswer, objectBytes, putAnswer } from "./messages.js";

const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const ok = new HeaderList(["grpc-status", "0"]);
const slice = Buffer.alloc(64 * 1024, 1);
const mostQueued = 512 * 1024;

const answers: Readonly<Record<string, Uint8Array>> = {
  "/prism.plugin.BackendPlugin/Initialize": toBinary(
    InitializeResponseSchema,
    create(InitializeResponseSchema, { success: true, supportedOperations: ["get", "put", "fetch"] }),
  ),
  "/prism.plugin.BackendPlugin/HealthCheck": toBinary(
    HealthCheckResponseSchema,
    create(HealthCheckResponseSchema),
  ),
  "/prism.plugin.BackendPlugin/Shutdown": toBinary(
    ShutdownResponseSchema,
    create(ShutdownResponseSchema, { success: true }),
  ),
};

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
    reply(stream, this.#operation === "put" ? putAnswer : getAnswer);
  }
}

/** Answers the calls of the life cycle. */
class Fixed implements StreamListener {
  readonly #message: Buffer;

  constructor(message: Uint8Array) {
    this.#message = Buffer.alloc(5 + message.length);
    this.#message.writeUInt32BE(message.length, 1);
    this.#message.set(message, 5);
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
        const fixed = answers[headers.get(":path") ?? ""];
        return fixed ? new Fixed(fixed) : new Execute();
      },
      onClose: () => undefined,
    },
  );
}).listen(socketPath, () => process.stdout.write("ready\n"));
process.stdin.resume().on("end", () => process.exit(0));
