import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { Metadata, Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";

type Watching = ServerWritableStream<StringValue, StringValue>;

/** The method that a clock serves; its messages are google.protobuf.StringValue. */
const path = "/acme.clock.v1.Clock/Watch";
const ticks = 3;

/** A gRPC server on a Unix socket that knows nothing of Prism: a clock that ticks when it is told to. */
export class Clock {
  readonly socket: string;
  readonly #directory: string;
  readonly #server = new Server();
  #watching: Watching | undefined;
  #ticked = 0;
  #tellLeft: () => void = () => undefined;
  /** Resolves when somebody who watches leaves before the end. */
  readonly left = new Promise<void>((resolve) => (this.#tellLeft = resolve));

  static async start(): Promise<Clock> {
    const clock = new Clock(await mkdtemp(join(tmpdir(), "prism-clock-")));
    await new Promise<void>((resolve, reject) =>
      clock.#server.bindAsync(`unix:${clock.socket}`, ServerCredentials.createInsecure(), (reason) =>
        reason ? reject(reason) : resolve(),
      ),
    );
    return clock;
  }

  private constructor(directory: string) {
    this.#directory = directory;
    this.socket = join(directory, "clock.sock");
    this.#server.register(
      path,
      (call: Watching) => this.#watch(call),
      (tick: StringValue) => Buffer.from(toBinary(StringValueSchema, tick)),
      (bytes: Buffer) => fromBinary(StringValueSchema, bytes),
      "serverStream",
    );
  }

  /** Ticks once more; behind the last tick the stream ends. */
  tick(): void {
    const call = this.#watching;
    if (this.#ticked < ticks) {
      const value = `${call?.request.value} ${++this.#ticked}`;
      call?.write(create(StringValueSchema, { value }));
      return;
    }
    const trailers = new Metadata();
    trailers.set("x-zone", "UTC");
    call?.end(trailers);
  }

  async stop(): Promise<void> {
    this.#server.forceShutdown();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #watch(call: Watching): void {
    this.#watching = call;
    this.#ticked = 0;
    call.on("cancelled", this.#tellLeft);
    this.tick();
  }
}
