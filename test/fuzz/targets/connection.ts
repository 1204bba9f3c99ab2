import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { Http2Connection } from "../../../src/wire/connection.js";
import { FrameType, http2Preface } from "../../../src/wire/frame.js";
import {
  type ClientConnection,
  clientLimits,
  connectHttp2,
  HeaderList,
  type Limits,
  serveHttp2,
  serverLimits,
} from "../../../src/wire/index.js";
import { encoded, settings } from "../../wire/raw-peer.js";
import { contentOn, faultsIn, framesIn, isBetweenFrames, uncredited } from "../connection/far-view.js";
import { MemorySocket, turn } from "../connection/memory-socket.js";
import { NearEnd } from "../connection/near-end.js";
import { bytesOfStep, type Step, steps } from "../connection/steps.js";
import { cuts, pieces } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";

/** Small walls, so that they are met; no times, because nothing here takes any. */
const limits: Partial<Limits> = {
  ...{
    concurrentStreams: 5,
    headerBytes: 4096,
    headerFields: 20,
    streamWindow: 65_535,
    connectionWindow: 100_000,
  },
  ...{ socketBytes: 20_000, resetBurst: 20, idleFramesPerSecond: 60, queuedControlFrames: 10 },
  ...{ handshakeMs: 0, headerBlockMs: 0, stallMs: 0, keepAliveMs: 0, idleMs: 0, tickMs: 2 ** 30 },
};

type Session = readonly Step[];
const ways = ["peer ends", "peer breaks", "we end"] as const;
const session = fc.record({ steps, cuts, way: fc.constantFrom(...ways) });

/**
 * Sessions of a client that does anything, in any order, well made or not: whatever comes, windows are kept, every byte of
 * window is given back, every stream closes once and then the connection, and an error is told by one GOAWAY.
 */
export const serverConnection = fuzzTarget({
  name: "server-connection",
  testRuns: 400,
  input: session,
  open: () => ({ check: (input) => new Play("server", input.cuts).run(input.steps, input.way) }),
});

/** The same of a server. */
export const clientConnection = fuzzTarget({
  name: "client-connection",
  testRuns: 400,
  input: session,
  open: () => ({ check: (input) => new Play("client", input.cuts).run(input.steps, input.way) }),
});

const request: Step = { kind: "headers", stream: 0, block: "request", end: false, padding: -1, split: 0 };
const requestHeaders = new HeaderList([
  ":method",
  "POST",
  ":scheme",
  "http",
  ":path",
  "/",
  ":authority",
  "a",
]);

/** One session, played to its end. */
class Play {
  readonly #side: "server" | "client";
  readonly #cuts: readonly number[];
  readonly #socket = new MemorySocket();
  readonly #near = new NearEnd();
  readonly #connection: Http2Connection;
  readonly #client: ClientConnection | undefined;
  #sent: Buffer = Buffer.alloc(0);

  constructor(side: "server" | "client", lengths: readonly number[]) {
    this.#side = side;
    this.#cuts = lengths;
    this.#client = side === "client" ? this.#connect() : undefined;
    const made = this.#client ?? this.#serve();
    const connection = "connection" in made ? made.connection : made;
    ok(connection instanceof Http2Connection);
    this.#connection = connection;
  }

  async run(all: Session, way: (typeof ways)[number]): Promise<void> {
    await turn();
    if (this.#side === "server") this.#socket.deliver(http2Preface);
    this.#send(encoded(settings()));
    for (const step of all) await this.#step(step);
    this.#socket.choke(false);
    await turn();
    this.#checkFarView();
    if (!this.#connection.closed) await this.#settle();
    await this.#finish(way);
  }

  async #step(step: Step): Promise<void> {
    if (step.kind === "turn") {
      await turn();
      this.#checkFarView();
    } else if (step.kind === "choke") this.#socket.choke(step.on);
    else if (step.kind === "local") this.#act(step);
    else {
      const id = this.#idFor(step);
      if (id !== undefined) this.#send(bytesOfStep(step, id));
    }
  }

  #act({ act, stream, bytes }: Extract<Step, { kind: "local" }>): void {
    const ids = [...this.#near.streams.keys()];
    if (act === "shutdown") this.#connection.shutdown();
    else if (act === "open") this.#openStream(bytes % 2 === 0);
    else this.#near.act(ids[stream % ids.length] ?? 0, act, bytes);
  }

  /** The stream that a step is for; undefined where there is none yet. */
  #idFor(step: Step): number | undefined {
    if (!("stream" in step) || step.stream < 0) return 0;
    const next = this.#connection.lastStream + (this.#connection.lastStream === 0 ? 1 : 2);
    if (step.stream > 7) return step.stream === 8 ? next : 2;
    if (this.#side === "server" && step.kind === "headers" && step.block === "request") return next;
    const ids = [...this.#near.streams.keys()];
    return ids[step.stream % ids.length];
  }

  /** When all is let go of: no stream is left, and the window has been given back to the last byte. */
  async #settle(): Promise<void> {
    this.#near.leave();
    await turn();
    strictEqual(this.#connection.streams, 0);
    strictEqual(this.#connection.live.size, 0);
    const { closed, goingAway } = this.#connection;
    if (closed || goingAway || !isBetweenFrames(this.#sent)) return;
    const id = this.#abandonedStream();
    if (id === 0) return;
    await turn();
    // What is passed over counts, so it can be made up to the half window at which credit is given.
    const due = this.#uncredited();
    ok(due >= 0 && due < 50_000, `${due} bytes are not given back`);
    this.#sendData(id, 50_000 - due - 1);
    await turn();
    strictEqual(this.#uncredited(), 49_999, "credit was given for what has not come, or not for what has");
    this.#sendData(id, 1);
    await turn();
    strictEqual(this.#uncredited(), 0);
    this.#checkFarView();
  }

  async #finish(way: (typeof ways)[number]): Promise<void> {
    if (way === "we end") this.#connection.destroy();
    else if (way === "peer breaks") this.#socket.destroy();
    else this.#socket.deliverEnd();
    await turn();
    await turn();
    ok(this.#connection.closed);
    strictEqual(this.#connection.live.size, 0);
    this.#near.leave();
    strictEqual(this.#connection.streams, 0);
    strictEqual(this.#near.ends.length, 1, "its owner hears once that the connection is gone");
    for (const { stream, closed, content } of this.#near.streams.values()) {
      ok(closed, `stream ${stream.id} never closed`);
      this.#checkContent(stream.id, Buffer.concat(content));
    }
    deepStrictEqual(this.#near.broken, []);
    if (way !== "peer breaks") this.#checkFarView();
    this.#socket.destroy();
  }

  /** What was heard was sent, and nothing of it is missing before it. */
  #checkContent(id: number, content: Buffer): void {
    const sent = contentOn(id, this.#sent);
    const whole = content.subarray(0, sent.length);
    ok(sent.subarray(0, whole.length).equals(whole), `stream ${id} heard what was not sent`);
    if (framesIn(this.#sent).isWhole) strictEqual(content.length, whole.length);
  }

  #checkFarView(): void {
    // While the far end does not read, the last frame may be on its way.
    if (this.#socket.writableLength === 0) deepStrictEqual(faultsIn(this.#sent, this.#heard), []);
    const { window } = this.#connection.outbound;
    ok(window.left >= 0, "more was sent than the connection's window");
    for (const { owedBytes } of this.#connection.live.values()) ok(owedBytes >= 0);
  }

  get #heard(): Buffer {
    const { heard } = this.#socket;
    return this.#side === "client" ? heard.subarray(http2Preface.length) : heard;
  }

  #uncredited(): number {
    return uncredited(this.#sent, this.#heard, limits.connectionWindow ?? 0);
  }

  #send(bytes: Buffer): void {
    this.#sent = Buffer.concat([this.#sent, bytes]);
    for (const piece of pieces(bytes, this.#cuts)) this.#socket.deliver(piece);
  }

  #sendData(stream: number, bytes: number): void {
    for (let left = bytes; left > 0; left -= 10_000)
      this.#send(
        encoded({ type: FrameType.DATA, stream, payload: Buffer.alloc(Math.min(left, 10_000), "d") }),
      );
  }

  /** A stream that we have reset: what comes for it is passed over. 0 where none can be had. */
  #abandonedStream(): number {
    this.#near.refuses = true;
    const id = this.#connection.lastStream + (this.#connection.lastStream === 0 ? 1 : 2);
    if (id > 2 ** 31 - 3) return 0;
    if (this.#side === "client") this.#openStream(false);
    else this.#send(bytesOfStep(request, id));
    return this.#connection.lastStream === id ? id : 0;
  }

  #openStream(endStream: boolean): void {
    if (!this.#client?.canOpen) return;
    this.#near.add(this.#client.open(requestHeaders, endStream, this.#near), false);
  }

  #connect(): ClientConnection {
    return connectHttp2(
      this.#socket,
      { limits: { ...clientLimits, ...limits } },
      {
        onAvailable: ignore,
        onGoaway: ignore,
        onRefused: this.#onRefused,
        onClose: (reason) => this.#near.end(reason),
      },
    );
  }

  #serve(): object {
    return serveHttp2(
      this.#socket,
      { limits: { ...serverLimits, ...limits } },
      {
        onRequest: (stream, _headers, endStream) => this.#near.add(stream, endStream),
        onRefused: this.#onRefused,
        onClose: (reason) => this.#near.end(reason),
      },
    );
  }

  readonly #onRefused = (refusal: string, message: string): void => {
    if (refusal === "internal_error") this.#near.broken.push(message);
  };
}

function ignore(): void {
  // Nothing depends on it.
}
