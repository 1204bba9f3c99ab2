import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/wire/error-code.js";
import { Flag, FrameType, http2Preface } from "../../src/wire/frame.js";
import type { Limits } from "../../src/wire/limits.js";
import { until } from "../support/running-prism.js";
import { type EchoServer, startEcho } from "./echo.js";
import { encoded, type Outgoing, rawClient, RawPeer, settings, uint32 } from "./raw-peer.js";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const { END_STREAM, END_HEADERS, PADDED } = Flag;

let echo: EchoServer;
const peers: RawPeer[] = [];

async function served(limits: Partial<Limits> = {}): Promise<RawPeer> {
  echo = await startEcho(limits);
  const peer = rawClient(echo.port);
  peers.push(peer);
  await peer.settled();
  return peer;
}

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.destroy();
  await echo.close();
});

describe("a fault of the connection ends it with its code", () => {
  const faults: [string, number, Outgoing[]][] = [
    ["DATA on stream 0", ErrorCode.PROTOCOL_ERROR, [{ type: DATA }]],
    ["HEADERS on stream 0", ErrorCode.PROTOCOL_ERROR, [{ type: HEADERS, flags: END_HEADERS }]],
    ["RST_STREAM on an idle stream", ErrorCode.PROTOCOL_ERROR, [{ type: RST_STREAM, stream: 1, payload: uint32(8) }]],
    ["RST_STREAM of 3 bytes", ErrorCode.FRAME_SIZE_ERROR, [{ type: RST_STREAM, stream: 1, payload: Buffer.alloc(3) }]],
    ["WINDOW_UPDATE on an idle stream", ErrorCode.PROTOCOL_ERROR, [{ type: WINDOW_UPDATE, stream: 1, payload: uint32(1) }]],
    ["WINDOW_UPDATE of 5 bytes", ErrorCode.FRAME_SIZE_ERROR, [{ type: WINDOW_UPDATE, payload: Buffer.alloc(5) }]],
    ["SETTINGS on a stream", ErrorCode.PROTOCOL_ERROR, [{ type: SETTINGS, stream: 1 }]],
    ["SETTINGS of 5 bytes", ErrorCode.FRAME_SIZE_ERROR, [{ type: SETTINGS, payload: Buffer.alloc(5) }]],
    ["SETTINGS ACK with a payload", ErrorCode.FRAME_SIZE_ERROR, [{ ...settings([3, 1]), flags: Flag.ACK }]],
    ["ENABLE_PUSH of 2", ErrorCode.PROTOCOL_ERROR, [settings([2, 2])]],
    ["INITIAL_WINDOW_SIZE of 2^31", ErrorCode.FLOW_CONTROL_ERROR, [settings([4, 2 ** 31])]],
    ["MAX_FRAME_SIZE of 2^14 − 1", ErrorCode.PROTOCOL_ERROR, [settings([5, 16_383])]],
    ["MAX_FRAME_SIZE of 2^24", ErrorCode.PROTOCOL_ERROR, [settings([5, 2 ** 24])]],
    ["PING on a stream", ErrorCode.PROTOCOL_ERROR, [{ type: PING, stream: 1, payload: Buffer.alloc(8) }]],
    ["PING of 7 bytes", ErrorCode.FRAME_SIZE_ERROR, [{ type: PING, payload: Buffer.alloc(7) }]],
    ["PUSH_PROMISE", ErrorCode.PROTOCOL_ERROR, [{ type: PUSH_PROMISE, stream: 1, payload: Buffer.alloc(5) }]],
    ["PRIORITY on stream 0", ErrorCode.PROTOCOL_ERROR, [{ type: PRIORITY, payload: Buffer.alloc(5) }]],
    ["PING inside a header block", ErrorCode.PROTOCOL_ERROR, [{ type: HEADERS, stream: 1 }, { type: PING, payload: Buffer.alloc(8) }]],
    ["an unknown frame inside a header block", ErrorCode.PROTOCOL_ERROR, [{ type: HEADERS, stream: 1 }, { type: 99 }]],
    ["CONTINUATION of another stream", ErrorCode.PROTOCOL_ERROR, [{ type: HEADERS, stream: 1 }, { type: CONTINUATION, stream: 3 }]],
    ["padding longer than HEADERS", ErrorCode.PROTOCOL_ERROR, [{ type: HEADERS, flags: PADDED | END_HEADERS, stream: 1, payload: Buffer.from([9, 0x82]) }]],
    ["HEADERS too short for their priority", ErrorCode.FRAME_SIZE_ERROR, [{ type: HEADERS, flags: Flag.PRIORITY | END_HEADERS, stream: 1, payload: Buffer.alloc(4) }]],
    ["a stream that depends on itself", ErrorCode.PROTOCOL_ERROR, [{ type: HEADERS, flags: Flag.PRIORITY | END_HEADERS, stream: 1, payload: Buffer.from([0, 0, 0, 1, 0]) }]],
    ["GOAWAY of 7 bytes", ErrorCode.FRAME_SIZE_ERROR, [{ type: FrameType.GOAWAY, payload: Buffer.alloc(7) }]],
    ["more than one empty CONTINUATION", ErrorCode.ENHANCE_YOUR_CALM, [{ type: HEADERS, stream: 1 }, { type: CONTINUATION, stream: 1 }]],
  ]; // prettier-ignore
  test.each(faults)("%s", async (_what, code, frames) => {
    const peer = await served();

    peer.send(...frames);

    expect((await peer.goaway()).code).toBe(code);
    await until("the server to let go", () => echo.ends.length === 1);
  });

  test("HEADERS behind END_STREAM", async () => {
    const peer = await served();
    peer.send(peer.request(1, 0), { type: DATA, stream: 1 });
    await peer.settled();

    peer.send({ type: HEADERS, flags: END_STREAM | END_HEADERS, stream: 1, payload: peer.block(["a", "b"]) });
    peer.send(peer.request(1, END_STREAM));

    expect((await peer.goaway()).code).toBe(ErrorCode.STREAM_CLOSED);
  });

  test("DATA on a stream that the client itself has reset", async () => {
    const peer = await served();
    peer.send(peer.request(1, 0), { type: RST_STREAM, stream: 1, payload: uint32(8) });

    peer.send({ type: DATA, stream: 1, payload: Buffer.alloc(5) });

    expect((await peer.goaway()).code).toBe(ErrorCode.STREAM_CLOSED);
  });

  test("a stream id lower than the last", async () => {
    const peer = await served();

    peer.send(peer.request(5, 0), peer.request(3, 0));

    expect((await peer.goaway()).code).toBe(ErrorCode.STREAM_CLOSED);
  });

  test("more DATA than the connection's window", async () => {
    const peer = await served({ connectionWindow: 65_535 });
    const payload = Buffer.alloc(16_384);
    const held = [1, 3, 5, 7, 9].map((stream) => ({ type: DATA, stream, payload }));

    for (const stream of [1, 3, 5, 7, 9]) peer.send(peer.request(stream, 0, ["x-hold", "1"]));
    peer.send(...held);

    expect((await peer.goaway()).code).toBe(ErrorCode.FLOW_CONTROL_ERROR);
  });
});

describe("a fault of a stream ends that stream only", () => {
  const faults: [string, number, (peer: RawPeer) => Outgoing[]][] = [
    ["a malformed request", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, END_STREAM, ["connection", "close"])]],
    ["trailers without END_STREAM", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, 0), peer.request(1, 0)]],
    ["a content-length that DATA exceeds", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, 0, ["content-length", "1"]), { type: DATA, stream: 1, payload: Buffer.alloc(5) }]],
    ["a content-length that DATA does not reach", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, 0, ["content-length", "6"]), { type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.alloc(5) }]],
    ["a content-length without DATA", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, END_STREAM, ["content-length", "6"])]],
    ["WINDOW_UPDATE of 0", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, 0), { type: WINDOW_UPDATE, stream: 1, payload: uint32(0) }]],
    ["a window that overflows", ErrorCode.FLOW_CONTROL_ERROR, (peer) => [peer.request(1, 0), { type: WINDOW_UPDATE, stream: 1, payload: uint32(2 ** 31 - 1) }]],
    ["PRIORITY of 4 bytes", ErrorCode.FRAME_SIZE_ERROR, (peer) => [peer.request(1, 0), { type: PRIORITY, stream: 1, payload: Buffer.alloc(4) }]],
    ["PRIORITY on itself", ErrorCode.PROTOCOL_ERROR, (peer) => [peer.request(1, 0), { type: PRIORITY, stream: 1, payload: Buffer.from([0, 0, 0, 1, 0]) }]],
  ]; // prettier-ignore
  test.each(faults)("%s", async (_what, code, frames) => {
    const peer = await served();

    peer.send(...frames(peer));

    expect(await peer.reset(1)).toBe(code);
    await peer.settled();
  });

  test("more DATA than the stream's window", async () => {
    const peer = await served({ streamWindow: 65_535 });

    peer.send(peer.request(1, 0, ["x-hold", "1"]));
    for (let i = 0; i < 5; i++) peer.send({ type: DATA, stream: 1, payload: Buffer.alloc(16_384) });

    expect(await peer.reset(1)).toBe(ErrorCode.FLOW_CONTROL_ERROR);
    await peer.settled();
  });

  test("more streams than are allowed are refused, and the ones that run go on", async () => {
    const peer = await served({ concurrentStreams: 2 });
    peer.send(peer.request(1, 0), peer.request(3, 0), peer.request(5, 0));

    expect(await peer.reset(5)).toBe(ErrorCode.REFUSED_STREAM);
    peer.send({ type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.alloc(5) });

    await peer.heard(
      ({ type, stream, flags }) => type === HEADERS && stream === 1 && (flags & END_STREAM) !== 0,
    );
  });

  test("a header list above the limit is answered with 431, and the table stays in step", async () => {
    const peer = await served({ headerBytes: 1000 });
    const many = Array.from({ length: 40 }, () => ["accept-charset", ""]).flat();

    peer.send(peer.request(1, END_STREAM, many), peer.request(3, END_STREAM));

    const { payload } = await peer.heard(({ type, stream }) => type === HEADERS && stream === 1);
    expect(payload.toString("latin1")).toContain("431");
    await peer.heard(({ type, stream }) => type === HEADERS && stream === 3);
  });
});

test("a header block above the limit in many frames is answered too, and calls and the table stay as they are", async () => {
  const peer = await served({ headerBytes: 20_000 });
  peer.send(peer.request(1, 0, ["x-first", "in the table"]));

  const block = peer.block([
    ...Array.from({ length: 10 }, (_, i) => ["x-large", `${i}`.repeat(6000)]).flat(),
  ]);
  const { payload: head = Buffer.alloc(0) } = peer.request(3, END_STREAM, ["x-first", "in the table"]);
  peer.send({ type: HEADERS, flags: END_STREAM, stream: 3, payload: head });
  for (let at = 0; at < block.length; at += 16_384) {
    const payload = block.subarray(at, at + 16_384);
    const flags = at + payload.length === block.length ? END_HEADERS : 0;
    peer.send({ type: CONTINUATION, flags, stream: 3, payload });
  }

  const { payload } = await peer.heard(({ type, stream }) => type === HEADERS && stream === 3);
  expect(payload.toString("latin1")).toContain("header_bytes");
  peer.send(peer.request(5, END_STREAM, ["x-first", "in the table"]));
  await peer.heard(({ type, stream }) => type === HEADERS && stream === 5);
  peer.send({ type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.alloc(5) });
  await peer.heard(
    ({ type, stream, flags }) => type === HEADERS && stream === 1 && (flags & END_STREAM) !== 0,
  );
  expect(peer.frames.filter(({ type }) => type === FrameType.GOAWAY || type === RST_STREAM)).toEqual([]);
});

test("trailers above the limit end their call alone", async () => {
  const peer = await served({ headerBytes: 1000 });
  peer.send(peer.request(1, 0), peer.request(3, 0));

  const payload = peer.block(["x", "v".repeat(2000)]);
  peer.send({ type: HEADERS, flags: END_STREAM | END_HEADERS, stream: 1, payload });

  expect(await peer.reset(1)).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  peer.send({ type: DATA, flags: END_STREAM, stream: 3, payload: Buffer.alloc(5) });
  await peer.heard(({ type, stream }) => type === HEADERS && stream === 3);
});

describe("floods are cut with ENHANCE_YOUR_CALM", () => {
  const many = (count: number, frame: Outgoing): Buffer =>
    Buffer.concat(Array.from({ length: count }, () => encoded(frame)));
  const floods: [string, Outgoing][] = [
    ["PING", { type: PING, payload: Buffer.alloc(8) }],
    ["SETTINGS", settings()],
    ["SETTINGS ACK", { type: SETTINGS, flags: Flag.ACK }],
    ["PRIORITY", { type: PRIORITY, stream: 1, payload: Buffer.alloc(5) }],
    ["WINDOW_UPDATE", { type: WINDOW_UPDATE, payload: uint32(1) }],
    ["empty DATA", { type: DATA, stream: 1 }],
    ["empty padded DATA", { type: DATA, flags: PADDED, stream: 1, payload: Buffer.alloc(1) }],
    ["unknown frames", { type: 99 }],
    ["RST_STREAM of a stream that is gone", { type: RST_STREAM, stream: 1, payload: uint32(8) }],
  ];
  test.each(floods)("of %s (CVE-2019-9512 and kin)", async (what, frame) => {
    const peer = await served({ idleFramesPerSecond: 100 });
    peer.send(peer.request(1, what.startsWith("RST") ? END_STREAM : 0));
    await peer.settled();

    peer.socket.write(many(300, frame));

    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  test("of streams that are opened and reset (CVE-2023-44487)", async () => {
    const peer = await served({ resetBurst: 20, resetsPerSecond: 0 });

    for (let i = 0; i < 30; i++) {
      const stream = 2 * i + 1;
      peer.send(peer.request(stream, 0), { type: RST_STREAM, stream, payload: uint32(8) });
    }

    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  test("of resets that we are made to send (CVE-2025-8671)", async () => {
    const peer = await served({ resetBurst: 20, resetsPerSecond: 0 });

    for (let i = 0; i < 30; i++) {
      const stream = 2 * i + 1;
      peer.send(peer.request(stream, 0), { type: WINDOW_UPDATE, stream, payload: uint32(0) });
    }

    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  test("of calls that are refused and never sent", async () => {
    const peer = await served({ headerBytes: 1000, earlyAnswersPerSecond: 20 });

    for (let i = 0; i < 60; i++) peer.send(peer.request(2 * i + 1, 0, ["x", "v".repeat(2000)]));

    const { code, reason } = await peer.goaway();
    expect(code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    expect(reason).toContain("early_answers_per_second");
  });

  test("but not of refused calls that are sent all the same, as an ordinary client does", async () => {
    const peer = await served({ headerBytes: 1000, earlyAnswersPerSecond: 20, resetBurst: 5 });

    for (let i = 0; i < 300; i++) {
      const stream = 2 * i + 1;
      peer.send(peer.request(stream, 0, ["x", "v".repeat(2000)]), {
        type: DATA,
        flags: END_STREAM,
        stream,
        payload: Buffer.alloc(5),
      });
    }
    await peer.settled();

    expect(echo.ends).toEqual([]);
  });

  test("but not of resets that as many finished streams have earned", async () => {
    const peer = await served({ resetBurst: 5, resetsPerSecond: 0 });

    for (let i = 0; i < 50; i++) {
      peer.send(peer.request(4 * i + 1, END_STREAM));
      peer.send(peer.request(4 * i + 3, 0), { type: RST_STREAM, stream: 4 * i + 3, payload: uint32(8) });
    }
    await peer.settled();

    expect(echo.ends).toEqual([]);
  });

  test("of CONTINUATION, before its bytes are kept (CVE-2024-27316)", async () => {
    const peer = await served({ headerBytes: 10_000 });
    const payload = Buffer.alloc(4000);

    peer.send({ type: HEADERS, stream: 1, payload });
    for (let i = 0; i < 10; i++) peer.send({ type: CONTINUATION, stream: 1, payload });

    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  test("of requests whose answers are not read: they wait, and bound the streams", async () => {
    const peer = await served({ concurrentStreams: 50, idleFramesPerSecond: 1e6, resetBurst: 1e6 });
    peer.socket.pause();
    const requests = (from: number): Outgoing[] =>
      Array.from({ length: 500 }, (_, i) => peer.request(from + 2 * i, END_STREAM, ["x-large-answer", "1"]));

    for (let i = 0; i < 4; i++) peer.send(...requests(1 + 1000 * i));
    await until("the server to be full", () => echo.streams() === 50);

    expect(echo.streams()).toBe(50);
  });
});

describe("slowness has its end", () => {
  test("a preface that does not come", async () => {
    echo = await startEcho({ handshakeMs: 50, tickMs: 20 });
    const peer = new RawPeer(connect(echo.port, "127.0.0.1"));
    peers.push(peer);

    peer.socket.write(http2Preface.subarray(0, 10));

    expect(await peer.goaway()).toEqual({
      code: ErrorCode.SETTINGS_TIMEOUT,
      reason: "no preface, SETTINGS and answer to ours within 50 ms (handshake_ms)",
    });
  });

  test("a header block that does not end", async () => {
    const peer = await served({ headerBlockMs: 50, tickMs: 20 });

    peer.send({ type: HEADERS, stream: 1, payload: Buffer.from([0x82]) });

    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  test("a frame that does not end", async () => {
    const peer = await served({ headerBlockMs: 50, tickMs: 20 });

    peer.socket.write(encoded(peer.request(1, END_STREAM)).subarray(0, 12));

    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  test("a stream whose window is never opened (CVE-2019-9517)", async () => {
    echo = await startEcho({ stallMs: 60, tickMs: 20 });
    const peer = rawClient(echo.port, [4, 0]);
    peers.push(peer);

    peer.send(peer.request(1, 0), {
      type: DATA,
      flags: END_STREAM,
      stream: 1,
      payload: Buffer.from([0, 0, 0, 0, 1, 65]),
    });

    expect(await peer.reset(1)).toBe(ErrorCode.CANCEL);
    await peer.settled();
  });

  test("a client that is silent and does not answer", async () => {
    const peer = await served({ keepAliveMs: 30, keepAliveAnswerMs: 50, tickMs: 20 });

    await peer.heard(({ type, flags }) => type === PING && flags === 0);

    expect((await peer.goaway()).reason).toBe("no answer to PING within 50 ms (keep_alive_ms)");
  });
});

test("a request is the same however its bytes are split", async () => {
  const peer = await served();
  const padded = {
    type: DATA,
    flags: PADDED,
    stream: 1,
    payload: Buffer.from([3, 0, 0, 0, 0, 2, 65, 0, 0, 0]),
  };
  const fields = ["x-long", "v".repeat(100)];
  const { payload = Buffer.alloc(0) } = peer.request(1, 0, fields);
  const bytes = Buffer.concat([
    encoded({ type: HEADERS, stream: 1, payload: payload.subarray(0, 20) }),
    encoded({ type: CONTINUATION, stream: 1, payload: payload.subarray(20, 21) }),
    encoded({ type: CONTINUATION, flags: END_HEADERS, stream: 1, payload: payload.subarray(21) }),
    encoded(padded),
    encoded({ type: DATA, flags: END_STREAM, stream: 1, payload: Buffer.from([66]) }),
  ]);

  for (const byte of bytes) {
    peer.socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }

  const answer = await peer.heard(({ type, stream }) => type === DATA && stream === 1);
  expect(answer.payload).toEqual(Buffer.from([0, 0, 0, 0, 2, 65, 66]));
});
