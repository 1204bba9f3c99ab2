import { HeaderList, type Stream, type StreamListener } from "../../../src/wire/index.js";
import type { LocalAct } from "./steps.js";

/** What one stream has heard, held to what a {@link StreamListener} is promised. */
interface Heard {
  readonly stream: Stream;
  readonly content: Buffer[];
  owed: number;
  ended: boolean;
  closed: boolean;
  isHeld: boolean;
}

const head = new HeaderList([":status", "200", "content-type", "application/grpc"]);
const trailers = new HeaderList(["grpc-status", "0"]);

/** Whoever uses the connection: hears every stream, does what a session says, and notes each promise that is broken. */
export class NearEnd implements StreamListener {
  readonly broken: string[] = [];
  readonly streams = new Map<number, Heard>();
  /** Why the connection ended, each time that it was told. */
  readonly ends: string[] = [];
  /** Streams that begin are reset at once. */
  refuses = false;

  /** A stream has begun. */
  add(stream: Stream, ended: boolean): this {
    if (this.streams.has(stream.id)) this.broken.push(`stream ${stream.id} began twice`);
    this.streams.set(stream.id, { stream, content: [], owed: 0, ended, closed: false, isHeld: false });
    if (this.refuses) stream.reset(8);
    return this;
  }

  /** The connection has ended. */
  end(reason: string): void {
    this.ends.push(reason);
    for (const { stream, closed } of this.streams.values())
      if (!closed) this.broken.push(`the connection ended before stream ${stream.id} had`);
  }

  onHeaders(stream: Stream, _headers: HeaderList, endStream: boolean): void {
    const heard = this.#hear(stream, "HEADERS");
    if (heard) heard.ended = endStream;
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    const heard = this.#hear(stream, "DATA");
    if (!heard) return;
    if (bytes.length > windowBytes) this.broken.push("DATA of more bytes than it took of the window");
    heard.content.push(Buffer.from(bytes));
    heard.owed += windowBytes;
    heard.ended = endStream;
  }

  onDrain(stream: Stream): void {
    if (this.streams.get(stream.id)?.closed) this.broken.push(`stream ${stream.id} drained after its end`);
  }

  onClose(stream: Stream): void {
    const heard = this.streams.get(stream.id);
    if (heard === undefined) return;
    if (heard.closed) this.broken.push(`stream ${stream.id} closed twice`);
    heard.closed = true;
  }

  /** Does something to the stream with an id, if there is one. */
  act(id: number, act: LocalAct, bytes: number): void {
    const heard = this.streams.get(id);
    if (heard === undefined) return;
    const { stream } = heard;
    if (act === "head") stream.sendHeaders(head, false);
    else if (act === "data") stream.sendData(Buffer.alloc(bytes, "u"), false);
    else if (act === "end") stream.sendHeaders(trailers, true);
    else if (act === "reset") stream.reset(8);
    else if (act === "credit") this.#credit(heard);
    else if (act === "hold" || act === "release") this.#hold(heard, act === "hold");
  }

  /** Lets go of everything. */
  leave(): void {
    for (const heard of this.streams.values()) {
      heard.stream.reset(8);
      this.#hold(heard, false);
    }
  }

  #credit(heard: Heard): void {
    heard.stream.credit(heard.owed);
    heard.owed = 0;
  }

  #hold(heard: Heard, holds: boolean): void {
    const { stream } = heard;
    if (heard.isHeld === holds || (holds && heard.closed)) return;
    heard.isHeld = holds;
    if ("hold" in stream && "release" in stream)
      (stream as { hold(): void; release(): void })[holds ? "hold" : "release"]();
  }

  #hear(stream: Stream, what: string): Heard | undefined {
    const heard = this.streams.get(stream.id);
    // Within onRequest its listener is not known yet.
    if (heard === undefined) return undefined;
    if (heard.closed) this.broken.push(`${what} for stream ${stream.id} after its end`);
    if (heard.ended) this.broken.push(`${what} for stream ${stream.id} behind END_STREAM`);
    return heard;
  }
}
