import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/wire/error-code.js";
import { Flag, FrameType } from "../../src/wire/frame.js";
import {
  type ClientConnection,
  clientLimits,
  connectHttp2,
  type DataWriter,
  HeaderList,
  type Limits,
  type Stream,
  type StreamListener,
} from "../../src/wire/index.js";
import { until } from "../support/running-prism.js";
import { type RawPeer, rawServer, settings, uint32 } from "./raw-peer.js";

const { DATA, HEADERS, RST_STREAM, GOAWAY, PUSH_PROMISE, PING, WINDOW_UPDATE, CONTINUATION } = FrameType;
const { END_STREAM, END_HEADERS, PADDED } = Flag;
const request = new HeaderList([":method", "POST", ":scheme", "http", ":path", "/a"]);

type DataRange = Parameters<NonNullable<StreamListener["onDataRange"]>>;

/** Writes down what a stream hears. */
class Ear implements StreamListener {
  readonly log: string[] = [];
  drained = 0;
  onHeaders(_stream: Stream, { fields }: HeaderList, endStream: boolean): void {
    this.log.push(`headers ${fields.join(" ")}${endStream ? " end" : ""}`);
  }
  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.log.push(`data ${bytes.toString("latin1")}${endStream ? " end" : ""}`);
    stream.credit(windowBytes);
  }
  onDrain(_stream: Stream, bytes: number): void {
    this.drained += bytes;
  }
  onClose(_stream: Stream, code: number, by: string): void {
    this.log.push(`closed ${code} by ${by}`);
  }
}

let server: Awaited<ReturnType<typeof rawServer>>;
let peer: RawPeer;
let client: ClientConnection;
const heard: string[] = [];

/** Connects to a server with these settings, and waits until they have come. */
async function connected(
  pairs: (readonly [number, number])[] = [],
  limits: Partial<Limits> = {},
): Promise<void> {
  server = await rawServer(...pairs);
  client = connectHttp2(
    connect(server.port, "127.0.0.1"),
    { limits: { ...clientLimits, ...limits } },
    {
      onAvailable: () => heard.push("available"),
      onGoaway: (reason) => heard.push(`goaway ${reason}`),
      onClose: (reason) => heard.push(`close ${reason}`),
    },
  );
  peer = await server.peer;
  await until("the server's SETTINGS", () => client.settled);
}

function response(stream: number, fields: readonly string[], flags = 0): void {
  peer.send({ type: HEADERS, flags: flags | END_HEADERS, stream, payload: peer.block(fields) });
}

beforeEach(() => void heard.splice(0));
afterEach(() => {
  client.destroy();
  server.close();
});

describe("streams", () => {
  test("wait when the peer allows no more, and it is told when one is free", async () => {
    await connected([[3, 1]]);
    const ear = new Ear();
    client.open(request, true, ear);

    expect(client.canOpen).toBe(false);
    expect(() => client.open(request, true, ear)).toThrow("no more streams");
    heard.splice(0);
    response(1, [":status", "200"], END_STREAM);
    await until("room", () => client.canOpen);

    expect(heard).toEqual(["available"]);
    expect(ear.log).toEqual(["headers :status 200 end", "closed 0 by end"]);
  });

  test("are told where DATA lies, if they want to know no more", async () => {
    await connected();
    const ear = new Ear();
    const listener = Object.assign(new Ear(), {
      onDataRange: (...[stream, bytes, start, end, windowBytes, endStream]: DataRange) =>
        ear.onData(stream, bytes.subarray(start, end), windowBytes, endStream),
    });
    client.open(request, true, listener);

    response(1, [":status", "200"]);
    peer.send({ type: DATA, flags: PADDED, stream: 1, payload: Buffer.from("\x02ab..", "latin1") });
    peer.send({ type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.from("c") });
    await until("the end", () => client.streams === 0);

    expect(ear.log).toEqual(["data ab", "data c end"]);
    expect(listener.log).toEqual(["headers :status 200", "closed 0 by end"]);
  });

  test("pass over 1xx, then hear headers, DATA and trailers", async () => {
    await connected();
    const ear = new Ear();
    client.open(request, true, ear);

    response(1, [":status", "103", "link", "x"]);
    response(1, [":status", "200"]);
    peer.send({ type: DATA, stream: 1, payload: Buffer.from("ab") });
    response(1, ["grpc-status", "0"], END_STREAM);
    await until("the end", () => client.streams === 0);

    expect(ear.log).toEqual([
      "headers :status 200",
      "data ab",
      "headers grpc-status 0 end",
      "closed 0 by end",
    ]);
  });

  test("end in order where the answer is complete and the rest of the request is not wanted", async () => {
    await connected();
    const ear = new Ear();
    client.open(request, false, ear);

    response(1, [":status", "200"], END_STREAM);
    peer.send({ type: RST_STREAM, stream: 1, payload: uint32(ErrorCode.NO_ERROR) });
    await until("the end", () => client.streams === 0);

    expect(ear.log.at(-1)).toBe("closed 0 by end");
  });

  test("that were cancelled hear nothing more, and what was on its way does no harm", async () => {
    await connected();
    const ear = new Ear();
    client.open(request, false, ear).reset(ErrorCode.CANCEL);

    response(1, [":status", "200", "x-a", "b"]);
    peer.send({ type: DATA, stream: 1, payload: Buffer.alloc(100) });
    await peer.settled();

    expect(ear.log).toEqual(["closed 8 by local"]);
    expect(await peer.reset(1)).toBe(ErrorCode.CANCEL);
    expect(client.closed).toBe(false);
  });

  const broken: [string, (id: number) => void][] = [
    ["DATA before headers", (stream) => peer.send({ type: DATA, stream, payload: Buffer.alloc(1) })],
    ["a response without :status", (stream) => response(stream, ["a", "b"])],
    ["1xx that ends the stream", (stream) => response(stream, [":status", "100"], END_STREAM)],
  ];
  test.each(broken)("are reset for %s", async (_what, breakIt) => {
    await connected();
    const ear = new Ear();
    client.open(request, false, ear);

    breakIt(1);

    expect(await peer.reset(1)).toBe(ErrorCode.PROTOCOL_ERROR);
    expect(ear.log).toEqual(["closed 1 by local"]);
  });
});

describe("a server that says GOAWAY", () => {
  test("finishes what it has looked at; what it has not is safe to try elsewhere", async () => {
    await connected();
    const [first, second] = [new Ear(), new Ear()];
    client.open(request, true, first);
    client.open(request, true, second);

    peer.send({ type: GOAWAY, payload: Buffer.concat([uint32(1), uint32(0), Buffer.from("bye")]) });
    await until("the news", () => !client.canOpen);
    response(1, [":status", "200"], END_STREAM);
    await until("the end", () => client.closed);

    expect(second.log).toEqual([`closed ${ErrorCode.REFUSED_STREAM} by peer`]);
    expect(first.log.at(-1)).toBe("closed 0 by end");
    expect(heard).toEqual(["available", "goaway bye", "close "]);
  });

  test("may say it twice, and is heard once", async () => {
    await connected();
    const ear = new Ear();
    client.open(request, true, ear);

    peer.send({ type: GOAWAY, payload: Buffer.concat([uint32(2 ** 31 - 1), uint32(0)]) });
    peer.send({ type: GOAWAY, payload: Buffer.concat([uint32(1), uint32(0)]) });
    response(1, [":status", "200"], END_STREAM);
    await until("the end", () => client.closed);

    expect(heard.filter((line) => line.startsWith("goaway"))).toEqual(["goaway "]);
    expect(ear.log.at(-1)).toBe("closed 0 by end");
  });

  test("in anger tells its reason", async () => {
    await connected();

    peer.send({
      type: GOAWAY,
      payload: Buffer.concat([uint32(0), uint32(11), Buffer.from("too_many_pings")]),
    });
    await until("the end", () => client.closed);

    expect(heard).toContain("goaway GOAWAY with code 11: too_many_pings");
  });
});

describe("faults of a server end the connection", () => {
  const faults: [string, number, () => void][] = [
    ["PUSH_PROMISE", ErrorCode.PROTOCOL_ERROR, () => peer.send({ type: PUSH_PROMISE, stream: 1, payload: uint32(2) })],
    ["ENABLE_PUSH of 1", ErrorCode.PROTOCOL_ERROR, () => peer.send(settings([2, 1]))],
    ["HEADERS on a stream nobody opened", ErrorCode.PROTOCOL_ERROR, () => response(7, [":status", "200"])],
    ["HEADERS on an even stream", ErrorCode.PROTOCOL_ERROR, () => response(2, [":status", "200"])],
    ["an index beyond the table", ErrorCode.COMPRESSION_ERROR, () => peer.send({ type: HEADERS, flags: END_HEADERS, stream: 1, payload: Buffer.from([0xff, 0x10]) })],
    ["HEADERS behind END_STREAM", ErrorCode.STREAM_CLOSED, () => { response(1, [":status", "200"], END_STREAM); response(1, ["a", "b"], END_STREAM); }],
  ]; // prettier-ignore
  test.each(faults)("%s", async (_what, code, breakIt) => {
    await connected();
    const ear = new Ear();
    client.open(request, false, ear);

    breakIt();

    expect((await peer.goaway()).code).toBe(code);
    await until("the end", () => client.closed);
    expect(ear.log.at(-1)).toBe(`closed ${ErrorCode.CANCEL} by connection`);
  });

  test("a server that vanishes closes every stream, then the connection", async () => {
    await connected();
    const ear = new Ear();
    client.open(request, false, ear);
    await peer.settled();

    peer.socket.destroy();
    await until("the end", () => client.closed);

    expect(ear.log).toEqual([`closed ${ErrorCode.CANCEL} by connection`]);
    expect(heard.at(-1)).toMatch(/^close ./);
  });
});

describe("flow control", () => {
  const lengths = (id: number): number[] =>
    peer.frames
      .filter(({ type, stream }) => type === DATA && stream === id)
      .map(({ payload }) => payload.length);

  test("sends what both windows allow, and the rest as they open", async () => {
    await connected([[4, 10]]);
    const ear = new Ear();
    const stream = client.open(request, false, ear);

    const taken = stream.sendData(Buffer.alloc(25), true);
    await peer.settled();
    expect({ taken, queued: stream.queuedBytes, lengths: lengths(1) }).toEqual({
      taken: 10,
      queued: 15,
      lengths: [10],
    });
    peer.send({ type: WINDOW_UPDATE, stream: 1, payload: uint32(5) });
    await peer.settled();
    peer.send(settings([4, 1000]));
    await until("the rest", () => stream.sendClosed && stream.queuedBytes === 0);
    await peer.settled();

    expect(lengths(1)).toEqual([10, 5, 10]);
    expect(ear.drained).toBe(15);
    expect(peer.frames.findLast(({ type }) => type === DATA)?.flags).toBe(END_STREAM);
  });

  test("a part of a buffer is sent, and the rest of that part queued, as if it were one of its own", async () => {
    await connected([[4, 3]]);
    const stream = client.open(request, false, new Ear());

    const taken = stream.sendRange(Buffer.from("..abcde.."), 2, 7, true);
    peer.send({ type: WINDOW_UPDATE, stream: 1, payload: uint32(9) });
    await until("the rest", () => stream.queuedBytes === 0);
    await peer.settled();

    const sent = peer.frames.filter(({ type }) => type === DATA);
    expect(taken).toBe(3);
    expect(sent.map(({ payload }) => payload.toString("latin1"))).toEqual(["abc", "de"]);
  });

  test("DATA that is written in place goes at once, or not at all", async () => {
    await connected([[4, 5]]);
    const stream = client.open(request, false, new Ear());
    const asked: number[] = [];
    const writerOf = (text: string): DataWriter => ({
      writeData: (out, at) => void asked.push(out.write(text, at, "latin1")),
    });

    const tooLong = stream.sendWritten(6, writerOf("longer"), false);
    const first = stream.sendWritten(3, writerOf("abc"), false);
    stream.sendData(Buffer.from("waits"), false);
    const behind = stream.sendWritten(1, writerOf("x"), false);
    peer.send({ type: WINDOW_UPDATE, stream: 1, payload: uint32(9) });
    await until("the rest", () => stream.queuedBytes === 0);
    const last = stream.sendWritten(2, writerOf("yz"), true);
    await peer.settled();

    const sent = peer.frames.filter(({ type }) => type === DATA);
    expect({ tooLong, first, behind, last }).toEqual({
      tooLong: false,
      first: true,
      behind: false,
      last: true,
    });
    expect(asked).toEqual([3, 2]);
    expect(sent.map(({ payload }) => payload.toString("latin1"))).toEqual(["abc", "wa", "its", "yz"]);
    expect(sent.at(-1)?.flags).toBe(END_STREAM);
    expect(stream.sendClosed).toBe(true);
  });

  test("a window that SETTINGS made negative holds DATA back until it is positive", async () => {
    await connected([[4, 100]]);
    const stream = client.open(request, false, new Ear());
    stream.sendData(Buffer.alloc(100), false);

    peer.send(settings([4, 40]));
    await peer.settled();
    stream.sendData(Buffer.alloc(10), false);
    peer.send({ type: WINDOW_UPDATE, stream: 1, payload: uint32(60) });
    await peer.settled();
    expect(lengths(1)).toEqual([100]);
    peer.send({ type: WINDOW_UPDATE, stream: 1, payload: uint32(4) });
    await peer.settled();

    expect(lengths(1)).toEqual([100, 4]);
  });

  test("streams with something to send take turns, a frame each", async () => {
    await connected([[4, 1 << 20]]);
    const streams = [1, 2, 3].map(() => client.open(request, false, new Ear()));
    // The connection's window of 65,535 is used up, so that all three have to wait.
    streams[0]?.sendData(Buffer.alloc(65_535), false);
    for (const stream of streams) stream.sendData(Buffer.alloc(40_000), true);
    await peer.settled();
    const before = peer.frames.length;

    peer.send({ type: WINDOW_UPDATE, payload: uint32(120_000) });
    await until("all", () => streams.every(({ queuedBytes }) => queuedBytes === 0));
    await peer.settled();

    const turns = peer.frames.slice(before).filter(({ type }) => type === DATA);
    expect(turns.map(({ stream }) => stream)).toEqual([1, 3, 5, 1, 3, 5, 1, 3, 5]);
    expect(turns.map(({ payload }) => payload.length)).toEqual([
      ...[16_384, 16_384, 16_384, 16_384, 16_384, 16_384],
      ...[7232, 7232, 7232],
    ]);
  });

  test("gives window back only as DATA is dealt with, and what a closed stream owes by itself", async () => {
    await connected([], { streamWindow: 65_535, connectionWindow: 65_535 });
    let owed = 0;
    const ear = new Ear();
    ear.onData = (_stream, _bytes, windowBytes): void => void (owed += windowBytes);
    const stream = client.open(request, false, ear);
    const updates = (): [number, number][] =>
      peer.frames
        .filter(({ type }) => type === WINDOW_UPDATE)
        .map(({ stream: id, payload }) => [id, payload.readUInt32BE(0)]);
    const first = updates().length;

    response(1, [":status", "200"]);
    for (let i = 0; i < 3; i++) peer.send({ type: DATA, stream: 1, payload: Buffer.alloc(16_384) });
    await peer.settled();
    expect({ owed, given: updates().slice(first) }).toEqual({ owed: 49_152, given: [] });
    stream.credit(40_000);
    await peer.settled();
    expect(updates().slice(first)).toEqual([
      [0, 40_000],
      [1, 40_000],
    ]);
    peer.send({ type: DATA, stream: 1, payload: Buffer.alloc(16_384) });
    peer.send({ type: DATA, stream: 1, payload: Buffer.alloc(16_384) });
    await peer.settled();
    stream.reset(ErrorCode.CANCEL);
    await peer.settled();

    expect(updates().slice(first + 2)).toEqual([[0, 41_920]]);
  });

  test("control frames do not wait behind DATA", async () => {
    await connected([[4, 0]]);
    const stream = client.open(request, false, new Ear());
    stream.sendData(Buffer.alloc(1000), true);

    peer.send({ type: PING, payload: Buffer.alloc(8, 7) });
    await peer.heard(({ type, flags }) => type === PING && flags === Flag.ACK);

    expect(stream.queuedBytes).toBe(1000);
  });
});

test("header blocks larger than a frame travel in CONTINUATIONs, both ways", async () => {
  await connected();
  const ear = new Ear();
  const value = "v".repeat(40_000);
  client.open(new HeaderList([...request.fields, "x-large", value]), true, ear);
  await peer.settled();

  const block = peer.block([":status", "200", "x-large", value]);
  peer.send({ type: HEADERS, flags: END_STREAM, stream: 1, payload: block.subarray(0, 16_384) });
  peer.send({ type: CONTINUATION, stream: 1, payload: block.subarray(16_384, 32_768) });
  peer.send({ type: CONTINUATION, flags: END_HEADERS, stream: 1, payload: block.subarray(32_768) });
  await until("the end", () => client.streams === 0);

  const sent = peer.frames.filter(({ stream }) => stream === 1);
  expect(sent.map(({ type, flags }) => [type, flags])).toEqual([
    [HEADERS, END_STREAM],
    [CONTINUATION, 0],
    [CONTINUATION, END_HEADERS],
  ]);
  expect(ear.log[0]).toBe(`headers :status 200 x-large ${value} end`);
});

test("trailers wait behind queued DATA", async () => {
  await connected([[4, 10]]);
  const stream = client.open(request, false, new Ear());
  stream.sendData(Buffer.alloc(15), false);
  stream.sendHeaders(new HeaderList(["a", "b"]), true);
  await peer.settled();

  peer.send({ type: WINDOW_UPDATE, stream: 1, payload: uint32(10) });
  await until("all", () => stream.sendClosed && stream.queuedBytes === 0);
  await peer.settled();

  const sent = peer.frames.filter(({ stream: id }) => id === 1).map(({ type, flags }) => [type, flags]);
  expect(sent).toEqual([
    [HEADERS, END_HEADERS],
    [DATA, 0],
    [DATA, 0],
    [HEADERS, END_HEADERS | END_STREAM],
  ]);
});
