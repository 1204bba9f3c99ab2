import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/wire/error-code.js";
import { Flag, FrameType, http2Preface } from "../../src/wire/frame.js";
import {
  type Connection,
  HeaderList,
  type Limits,
  type Refusal,
  serveHttp2,
  serverLimits,
  type ServerStream,
  type StreamListener,
} from "../../src/wire/index.js";
import { until } from "../support/running-prism.js";
import { encoded, rawClient, type RawPeer, settings, uint32 } from "./raw-peer.js";

const { DATA, HEADERS, RST_STREAM, GOAWAY, PING } = FrameType;
const { END_STREAM } = Flag;
const head = new HeaderList([":status", "200"]);
const deaf: StreamListener = {
  onHeaders: () => undefined,
  onData: (stream, _bytes, windowBytes) => stream.credit(windowBytes),
  onDrain: () => undefined,
  onClose: (_stream, code, by) => void closes.push(`${code} by ${by}`),
};

let server: Server;
let peer: RawPeer;
let connection: Connection;
const streams: ServerStream[] = [];
const closes: string[] = [];
const ends: string[] = [];
const refusals: [Refusal, string][] = [];

/** Serves one client, which has been heard; every stream is kept for the test. */
async function served(
  options: { limits?: Partial<Limits>; onRequest?: (stream: ServerStream) => StreamListener } = {},
): Promise<void> {
  const { limits = {}, onRequest = () => deaf } = options;
  server = createServer((socket) => {
    connection = serveHttp2(
      socket,
      { limits: { ...serverLimits, ...limits } },
      {
        onRequest: (stream) => (streams.push(stream), onRequest(stream)),
        onRefused: (refusal, message) => refusals.push([refusal, message]),
        onClose: (reason) => ends.push(reason),
      },
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  peer = rawClient((server.address() as AddressInfo).port);
  await peer.settled();
}

afterEach(() => {
  peer.socket.destroy();
  server.close();
  for (const list of [streams, closes, ends, refusals]) list.splice(0);
});

describe("an orderly shutdown", () => {
  test("warns first, serves what was under way, tells the last id, and closes when all have ended", async () => {
    await served();
    peer.send(peer.request(1, END_STREAM));
    await peer.settled();

    connection.shutdown();
    const ping = await peer.heard(({ type, flags }) => type === PING && flags === 0);
    peer.send(peer.request(3, END_STREAM), { ...ping, flags: Flag.ACK });
    const isLast = ({ type, payload }: { type: number; payload: Buffer }): boolean =>
      type === GOAWAY && payload.readUInt32BE(0) !== 2 ** 31 - 1;
    const last = await peer.heard(isLast);
    peer.send(peer.request(5, END_STREAM));
    const refused = await peer.reset(5);
    for (const stream of streams) stream.sendHeaders(head, true);
    await until("the end", () => ends.length === 1);

    expect(last.payload.readUInt32BE(0)).toBe(3);
    expect(refused).toBe(ErrorCode.REFUSED_STREAM);
    expect(closes).toEqual(["0 by end", "0 by end"]);
    expect(ends).toEqual([""]);
  });

  test("goes on without the client's answer when that does not come", async () => {
    await served({ limits: { keepAliveAnswerMs: 40, tickMs: 20 } });

    connection.shutdown();
    await until("the end", () => ends.length === 1);

    expect(ends).toEqual([""]);
  });
});

describe("an answer that is complete before its request", () => {
  test("ends the stream with NO_ERROR, and what the client still sends does no harm", async () => {
    await served();
    peer.send(peer.request(1, 0));
    await peer.settled();

    streams[0]?.sendHeaders(head, true);
    const code = await peer.reset(1);
    peer.send({ type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.alloc(1000) });
    await peer.settled();

    expect(code).toBe(ErrorCode.NO_ERROR);
    expect(closes).toEqual(["0 by end"]);
  });

  test("is none where the end of the request is what is answered: nothing is reset", async () => {
    const answers: StreamListener = {
      ...deaf,
      onHeaders: (stream) => stream.sendHeaders(head, true),
      onData: (stream) => stream.sendHeaders(head, true),
    };
    await served({ onRequest: () => answers });

    peer.send(peer.request(1, 0), { type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.alloc(8) });
    const trailers = { type: HEADERS, flags: END_STREAM | Flag.END_HEADERS, stream: 3 };
    peer.send(peer.request(3, 0), { ...trailers, payload: peer.block(["x-end", "here"]) });
    await peer.settled();

    expect(peer.frames.filter(({ type }) => type === RST_STREAM)).toEqual([]);
    expect(closes).toEqual(["0 by end", "0 by end"]);
    expect(connection.streams).toBe(0);
  });

  test("may be given before anybody listens", async () => {
    await served({ onRequest: (stream) => (stream.sendHeaders(head, true), deaf) });

    peer.send(peer.request(1, END_STREAM), peer.request(3, 0));
    await peer.reset(3);

    expect(closes).toEqual(["0 by end", "0 by end"]);
  });
});

describe("a stream that is held", () => {
  test("counts until it is released, though the client has reset it", async () => {
    await served({ limits: { concurrentStreams: 1 } });
    peer.send(peer.request(1, 0));
    await peer.settled();
    streams[0]?.hold();

    peer.send({ type: RST_STREAM, stream: 1, payload: uint32(8) }, peer.request(3, 0));
    const refused = await peer.reset(3);
    const held = connection.streams;
    streams[0]?.release();
    peer.send(peer.request(5, END_STREAM));
    await peer.settled();

    expect({ refused, held }).toEqual({ refused: ErrorCode.REFUSED_STREAM, held: 1 });
    expect(streams.map(({ id }) => id)).toEqual([1, 5]);
  });
});

test("bytes that were read before are read first", async () => {
  const heads: string[] = [];
  server = createServer((socket) => {
    socket.once("data", (first: Buffer) => {
      socket.pause();
      serveHttp2(
        socket,
        { head: first },
        {
          onRequest: (stream, headers) => {
            heads.push(headers.get(":path") ?? "");
            stream.sendHeaders(head, true);
            return deaf;
          },
          onClose: () => undefined,
        },
      );
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  peer = rawClient((server.address() as AddressInfo).port);
  peer.send(peer.request(1, END_STREAM));
  await peer.heard(({ type, stream }) => type === HEADERS && stream === 1);

  expect(heads).toEqual(["/test.Echo/Call"]);
});

test("the owner hears the end after every stream has, and never twice", async () => {
  await served();
  peer.send(peer.request(1, 0), peer.request(3, 0));
  await peer.settled();

  connection.destroy(ErrorCode.INTERNAL_ERROR, "stopped by the test");
  connection.destroy();
  const { code, reason } = await peer.goaway();
  await once(peer.socket, "close");

  expect({ code, reason }).toEqual({ code: ErrorCode.INTERNAL_ERROR, reason: "stopped by the test" });
  expect(closes).toEqual(["8 by connection", "8 by connection"]);
  expect(ends).toEqual(["stopped by the test"]);
});

test("a listener that throws costs its own connection only, and its words are for our log alone", async () => {
  await served({
    onRequest: () => {
      throw new Error("a bug");
    },
  });

  peer.send(peer.request(1, END_STREAM));

  expect(await peer.goaway()).toEqual({ code: ErrorCode.INTERNAL_ERROR, reason: "a fault on this side" });
  await until("the end", () => ends.length === 1);
  expect(refusals).toEqual([["internal_error", expect.stringContaining("Error: a bug")]]);
});

test("a client that is gone before it is heard of is over at once", async () => {
  await served();
  const { port } = server.address() as AddressInfo;
  const gone = rawClient(port);
  gone.socket.write(Buffer.concat([http2Preface, encoded(settings())]), () => gone.socket.destroy());

  await until("its end", () => ends.length === 1);

  expect(connection.closed).toBe(true);
});
