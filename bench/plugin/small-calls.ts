/**
 * The plugin behind every subject of the small calls: it answers 100 bytes from memory and costs next to nothing, so
 * that what is measured is the hop. Speaks the plugin protocol on the Unix socket given as its argument and says
 * `ready` when it listens.
 */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { HpackEncoder } from "../../src/wire/hpack/encoder.js";
import { HeaderList } from "../../src/wire/index.js";
import { FrameLink, type FrameListener } from "../load/frame-link.js";
import { lifeCycle } from "./life-cycle.js";
import { getAnswer, smallService, typedAnswer } from "./messages.js";

/** By path; all others are Execute. */
const answers = new Map([...lifeCycle, [`/${smallService}/Get`, typedAnswer]]);
const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const ok = new HeaderList(["grpc-status", "0"]);

class Answers implements FrameListener {
  readonly #link: FrameLink;
  readonly #encoder = new HpackEncoder();
  readonly #block = Buffer.alloc(256);
  /** Calls that are not Execute, and what they are answered. */
  readonly #others = new Map<number, Buffer>();

  constructor(socket: Socket) {
    this.#link = new FrameLink(socket, "server", this);
  }

  onSettings(tableBytes: number): void {
    this.#encoder.allow(tableBytes);
  }

  onHeaders(stream: number, headers: HeaderList): void {
    const answer = (headers.memo ??= answers.get(headers.get(":path") ?? "") ?? getAnswer) as Buffer;
    if (answer !== getAnswer) this.#others.set(stream, answer);
  }

  onData(stream: number, endStream: boolean): void {
    if (!endStream) return;
    this.#link.headers(stream, this.#encoded(head), false);
    this.#link.data(stream, this.#others.get(stream) ?? getAnswer, false);
    this.#link.headers(stream, this.#encoded(ok), true);
    this.#others.delete(stream);
  }

  onReset(stream: number): void {
    this.#others.delete(stream);
  }

  onGone(): void {}

  #encoded(list: HeaderList): Uint8Array {
    const known = this.#encoder.known(list);
    return known ?? this.#block.subarray(0, this.#encoder.encode(list, this.#block, 0));
  }
}

const socketPath = process.argv[2] ?? "";
rmSync(socketPath, { force: true });
createServer((socket) => new Answers(socket)).listen(socketPath, () => process.stdout.write("ready\n"));
process.stdin.resume().on("end", () => process.exit(0));
