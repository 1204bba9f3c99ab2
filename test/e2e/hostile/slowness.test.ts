import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { FrameType, http2Preface } from "../../../src/wire/frame.js";
import { until } from "../../support/running-prism.js";
import { encoded, rawClient, type RawPeer } from "../../wire/raw-peer.js";
import { askMuch, opening } from "./calls.js";
import { type Attack, Siege, untilGone } from "./siege.js";

const { CONTINUATION, HEADERS, SETTINGS } = FrameType;
const limits =
  "handshake_ms: 500, header_block_ms: 500, request_ms: 500, stall_ms: 500, keep_alive_ms: 500, keep_alive_answer_ms: 500";
const initialWindow = 4;

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin({ limits });
  await siege.neighbour.set("large", "v".repeat(256 * 1024));
});
afterAll(() => siege.end());

/** So many connections that say only this, and are closed by Prism. */
function saying(bytes: Uint8Array | string, count = 200): Attack["run"] {
  return async () => {
    const sockets = Array.from({ length: count }, () => siege.dial());
    for (const socket of sockets) socket.resume().write(bytes);
    await Promise.all(sockets.map((socket) => untilGone(socket)));
  };
}

/** A request's head at once, then its body byte by byte. */
function* slowBody(): Iterable<Uint8Array> {
  yield Buffer.from(
    "PUT /v1/namespaces/default/kv/slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000\r\n\r\n",
  );
  yield* bytesOf(Buffer.alloc(8999, "a"));
}

/** Says it a byte every now and then, until it is cut off. */
async function trickle(socket: Socket, bytes: Iterable<Uint8Array>, everyMs = 10): Promise<void> {
  const closed = untilGone(socket);
  for (const piece of bytes) {
    if (socket.destroyed || !socket.writable) break;
    socket.write(piece);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, everyMs))]);
  }
  await closed;
}

/** Trickled by a connection that is heard. */
function trickling(bytes: (peer: RawPeer) => Iterable<Uint8Array>): Attack["run"] {
  return async () => {
    const peer = siege.peer();
    await peer.settled();
    await trickle(peer.socket, bytes(peer));
    expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  };
}

function* bytesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (const byte of bytes) yield Buffer.from([byte]);
}

function* endlessBlock(): Iterable<Uint8Array> {
  yield encoded({ type: HEADERS, stream: 1, payload: Buffer.from([0x82]) });
  for (;;) yield encoded({ type: CONTINUATION, stream: 1, payload: Buffer.from([0x84]) });
}

const attacks: Attack[] = [
  { what: "saying nothing", reason: "handshake_ms", run: saying("") },
  { what: "saying half of the preface", reason: "handshake_ms", run: saying(http2Preface.subarray(0, 12)) },
  { what: "saying the preface, and no SETTINGS", reason: "handshake_ms", run: saying(http2Preface) },
  { what: "not answering our SETTINGS", reason: "handshake_ms", run: saying(Buffer.concat([http2Preface, encoded({ type: SETTINGS })])) },
  { what: "saying the preface byte by byte", reason: "handshake_ms", run: () => trickle(siege.dial().resume(), bytesOf(http2Preface), 40) },
  { what: "a header block that goes on and on", reason: "header_block_ms", run: trickling(endlessBlock) },
  { what: "a frame that comes byte by byte", reason: "header_block_ms", run: trickling((peer) => bytesOf(encoded(opening(peer, 1, "Get", ["a", "b".repeat(500)])))) },
  { what: "over HTTP/1.1, a head that comes byte by byte", reason: "header_block_ms", run: () => trickle(siege.dial().resume(), bytesOf(Buffer.from(`GET / HTTP/1.1\r\nhost: ${"a".repeat(1000)}`))) },
  { what: "over HTTP/1.1, a body that comes byte by byte", reason: "request_ms", run: () => trickle(siege.dial().resume(), slowBody(), 3) },
  { what: "windows that are never opened (CVE-2019-9517)", reason: "stall_ms", run: zeroWindow },
  { what: "a socket that is never read (CVE-2019-9517)", reason: "stall_ms", run: neverReading },
  { what: "a socket that is read a byte at a time", reason: "stall_ms", run: readingBytes },
  { what: "being gone without a word", reason: "keep_alive_ms", run: halfOpen },
]; // prettier-ignore

describe("slowness has its end, and the neighbour's calls are answered meanwhile:", () => {
  for (const attack of attacks) test(attack.what, () => siege.withstand(attack));
});

async function zeroWindow(): Promise<void> {
  const peer = siege.peer([initialWindow, 0]);
  askMuch(peer, "large");
  for (let stream = 1; stream < 200; stream += 2) expect(await peer.reset(stream)).toBe(ErrorCode.CANCEL);
}

async function neverReading(): Promise<void> {
  const peer = siege.peer([initialWindow, 2 ** 30]);
  await peer.settled();
  peer.socket.pause();
  askMuch(peer, "large");
  const before = await siege.refused("stall_ms");
  await until("the connection to be cut", async () => (await siege.refused("stall_ms")) > before);
}

async function readingBytes(): Promise<void> {
  const peer = siege.peer([initialWindow, 2 ** 30]);
  await peer.settled();
  peer.socket.removeAllListeners("data").pause();
  askMuch(peer, "large");
  const before = await siege.refused("stall_ms");
  await until("the connection to be cut", async () => {
    peer.socket.read(1);
    return (await siege.refused("stall_ms")) > before;
  });
}

async function halfOpen(): Promise<void> {
  const peers = Array.from({ length: 50 }, () => rawClient(siege.port));
  for (const peer of peers) peer.send({ type: SETTINGS, flags: 1 });
  await Promise.all(peers.map((peer) => peer.goaway()));
}
