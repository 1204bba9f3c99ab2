import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { encoded, type Outgoing, type RawPeer, settings, uint32 } from "../../wire/raw-peer.js";
import { callFields, ending, getRequest, opening } from "./calls.js";
import { type Attack, Siege } from "./siege.js";

const { CONTINUATION, DATA, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE } = FrameType;

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin();
});
afterAll(() => siege.end());

/** A flood on a connection of its own, again and again: each is cut. */
function flood(frames: (peer: RawPeer) => Iterable<Uint8Array>, times = 5): Attack["run"] {
  return async () => {
    for (let i = 0; i < times; i++) {
      const attacker = siege.peer();
      await attacker.settled();
      for (const bytes of frames(attacker)) if (!attacker.socket.destroyed) attacker.socket.write(bytes);
      expect((await attacker.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    }
  };
}

/** The same frame, 20,000 times. */
function same(frame: Outgoing): (peer: RawPeer) => Iterable<Uint8Array> {
  const bytes = Buffer.concat(Array.from({ length: 200 }, () => encoded(frame)));
  return () => Array.from({ length: 100 }, () => bytes);
}

/** Calls of which each is followed by something that ends it, 2,000 times. */
function* calls(
  peer: RawPeer,
  ends: (stream: number) => Outgoing,
  more: readonly string[] = [],
): Iterable<Uint8Array> {
  for (let stream = 1; stream < 4000; stream += 2)
    yield Buffer.concat([opening(peer, stream, "Get", more), ends(stream)].map(encoded));
}

const onCall =
  (frame: Outgoing) =>
  (peer: RawPeer): Iterable<Uint8Array> => [
    encoded(opening(peer, 1)),
    ...same({ ...frame, stream: 1 })(peer),
  ];

/** A block that fills the table with one large field, and one that refers to it 30,000 times. */
function* bomb(peer: RawPeer): Iterable<Uint8Array> {
  const field = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xf1, 0x1d]), Buffer.alloc(3952, "v")]);
  yield encoded({
    type: HEADERS,
    flags: Flag.END_HEADERS | Flag.END_STREAM,
    stream: 1,
    payload: Buffer.concat([peer.block(callFields("Get")), field]),
  });
  for (let stream = 3; stream < 43; stream += 2) {
    const references = Buffer.alloc(15_000, 0xbe);
    yield encoded({ type: HEADERS, flags: Flag.END_STREAM, stream, payload: references });
    yield encoded({ type: CONTINUATION, flags: Flag.END_HEADERS, stream, payload: references });
  }
}

const attacks: Attack[] = [
  { what: "calls that are reset at once (CVE-2023-44487)", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ({ type: RST_STREAM, stream, payload: uint32(8) }))) },
  { what: "WINDOW_UPDATE of 0 on each call (CVE-2025-8671)", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ({ type: WINDOW_UPDATE, stream, payload: uint32(0) }))) },
  { what: "a window that overflows on each call (CVE-2025-8671)", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ({ type: WINDOW_UPDATE, stream, payload: uint32(2 ** 31 - 1) }))) },
  { what: "PRIORITY of a wrong length on each call (CVE-2025-8671)", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ({ type: PRIORITY, stream, payload: Buffer.alloc(4) }))) },
  { what: "trailers that do not end on each call (CVE-2025-8671)", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ({ type: HEADERS, flags: Flag.END_HEADERS, stream, payload: peer.block(["a", "b"]) }))) },
  { what: "more content than announced on each call (CVE-2025-8671)", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ending(stream, getRequest("k")), ["content-length", "1"])) },
  { what: "malformed requests", reason: "resets_per_second", run: flood((peer) => calls(peer, (stream) => ({ type: RST_STREAM, stream, payload: uint32(8) }), ["connection", "close"])) },
  { what: "CONTINUATIONs without end (CVE-2024-27316)", reason: "header_bytes", run: flood((peer) => [encoded({ type: HEADERS, stream: 1, payload: peer.block(["a", "b"]) }), ...same({ type: CONTINUATION, stream: 1, payload: Buffer.alloc(1000) })(peer)]) },
  { what: "CONTINUATIONs of one byte", reason: "header_bytes", run: flood((peer) => [encoded({ type: HEADERS, stream: 1 }), ...Array.from({ length: 4 }, () => [...same({ type: CONTINUATION, stream: 1, payload: Buffer.alloc(1) })(peer)]).flat()]) },
  { what: "empty CONTINUATIONs", reason: "header_bytes", run: flood((peer) => [encoded({ type: HEADERS, stream: 1 }), ...same({ type: CONTINUATION, stream: 1 })(peer)]) },
  { what: "SETTINGS (CVE-2019-9515)", reason: "idle_frames_per_second", run: flood(same(settings([4, 65_535]))) },
  { what: "answers to SETTINGS", reason: "idle_frames_per_second", run: flood(same({ type: SETTINGS, flags: Flag.ACK })) },
  { what: "PING (CVE-2019-9512)", reason: "idle_frames_per_second", run: flood(same({ type: PING, payload: Buffer.alloc(8) })) },
  { what: "PRIORITY (CVE-2019-9513)", reason: "idle_frames_per_second", run: flood(same({ type: PRIORITY, stream: 1, payload: Buffer.alloc(5) })) },
  { what: "WINDOW_UPDATE (CVE-2019-9517)", reason: "idle_frames_per_second", run: flood(same({ type: WINDOW_UPDATE, payload: uint32(1) })) },
  { what: "empty DATA (CVE-2019-9518)", reason: "idle_frames_per_second", run: flood(onCall({ type: DATA })) },
  { what: "DATA of padding only", reason: "idle_frames_per_second", run: flood(onCall({ type: DATA, flags: Flag.PADDED, payload: Buffer.alloc(100, 99) })) },
  { what: "frames of an unknown type", reason: "idle_frames_per_second", run: flood(same({ type: 99, payload: Buffer.alloc(100) })) },
]; // prettier-ignore

describe("a flood is cut, and the neighbour's calls are answered meanwhile:", () => {
  for (const attack of attacks) test(attack.what, () => siege.withstand(attack));
});

test("an HPACK bomb is answered with 431 and RESOURCE_EXHAUSTED, as often as it is sent", () =>
  siege.withstand({
    what: "an HPACK bomb",
    reason: "header_bytes",
    run: async () => {
      const attacker = siege.peer();
      for (const bytes of bomb(attacker)) attacker.socket.write(bytes);

      const { payload } = await attacker.heard(({ type, stream }) => type === HEADERS && stream === 41);

      expect(attacker.frames.filter(({ type }) => type === FrameType.GOAWAY)).toEqual([]);
      expect(payload.length).toBeGreaterThan(0);
    },
  }));
