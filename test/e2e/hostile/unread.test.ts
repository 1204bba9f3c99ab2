import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { until } from "../../support/running-prism.js";
import { keyValueMethods } from "../../support/stock-client.js";
import { encoded, type RawPeer, uint32 } from "../../wire/raw-peer.js";
import { ending, getRequest, message, opening } from "./calls.js";
import { Siege } from "./siege.js";

const { DATA, HEADERS, RST_STREAM } = FrameType;
const initialWindow = 4;
const mebibyte = 1024 * 1024;
const yaml = "namespaces: [{ name: default, backend: memory, plugin: { type: sidecar } }]\n";
/** PRISM_UNSENT_BYTES of answers, and as much again that has been freed and malloc has not given back. */
const unreadGrownBytes = 128 * mebibyte;

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin({ yaml });
  await siege.neighbour.set("large", "v".repeat(mebibyte));
  for (let i = 0; i < 50; i++) await siege.neighbour.get("large");
});
afterAll(() => siege.end());

/** SetRequest of a key and a value, as a message. */
function setRequest(key: string, value: Buffer): Buffer {
  const lengths: number[] = [];
  for (let rest = value.length; rest > 0 || lengths.length === 0; rest >>>= 7)
    lengths.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  const head = [0x0a, key.length, ...Buffer.from(key), 0x12, ...lengths];
  return message(Buffer.concat([Buffer.from(head), value]));
}

const small = setRequest("small", Buffer.from("v"));

/** Opens calls on the streams 1, 3, … and sends them whole, some at a time: what is heard meanwhile is heard. */
async function pipeline(
  peer: RawPeer,
  calls: number,
  call: (stream: number) => readonly Uint8Array[],
): Promise<void> {
  for (let first = 0; first < calls; first += 250) {
    const streams = Array.from({ length: Math.min(250, calls - first) }, (_, i) => 2 * (first + i) + 1);
    if (peer.socket.destroyed) return;
    peer.socket.write(Buffer.concat(streams.flatMap(call)));
    await new Promise(setImmediate);
  }
}

describe("in the namespace that is attacked, a neighbour's calls are answered while a client", () => {
  test("asks for 1,000 MiB with its windows shut, by each of four connections", () =>
    siege.withstand({
      what: "answers that nobody reads",
      pluginGrownBytes: unreadGrownBytes,
      run: async () => {
        const peers = Array.from({ length: 4 }, () => siege.peer([initialWindow, 0]));
        for (const peer of peers)
          await pipeline(peer, 1000, (stream) =>
            [opening(peer, stream), ending(stream, getRequest("large"))].map(encoded),
          );

        await Promise.any(peers.map((peer) => peer.heard(({ type }) => type === HEADERS)));
        for (let i = 0; i < 100; i++) expect(await siege.neighbour.get("k", { deadlineMs: 1000 })).toBe("v");
      },
    }));

  test("names a key of 1 MiB 3,000 times in one MGet, which is refused by answer_bytes", () =>
    siege.withstand({
      what: "an answer of many values",
      run: async () => {
        for (let i = 0; i < 20; i++) {
          const asked = siege.neighbour.unary(keyValueMethods.mGet, {
            keys: Array<string>(3000).fill("large"),
          });

          await expect(asked).rejects.toMatchObject({
            code: 8,
            details: expect.stringContaining("answer_bytes") as string,
          });
        }
      },
    }));

  test("resets its calls as soon as they are made, again and again", () =>
    siege.withstand({
      what: "a storm of resets",
      reason: "resets_per_second",
      run: async () => {
        for (let i = 0; i < 20; i++) {
          const peer = siege.peer();
          await peer.settled();
          await pipeline(peer, 2000, (stream) => {
            const reset = { type: RST_STREAM, stream, payload: uint32(ErrorCode.CANCEL) };
            return [opening(peer, stream), ending(stream, getRequest("large")), reset].map(encoded);
          });

          expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
        }
      },
    }));

  test("sends Set after Set over HTTP/2, and reads nothing", () =>
    siege.withstand({
      what: "pipelined Sets",
      run: async () => {
        const peers = Array.from({ length: 20 }, () => siege.peer());
        await Promise.all(peers.map((peer) => peer.settled()));
        for (const peer of peers) {
          peer.socket.pause();
          await pipeline(peer, 5000, (stream) =>
            [opening(peer, stream, "Set"), ending(stream, small)].map(encoded),
          );
        }
        for (let i = 0; i < 100; i++) expect(await siege.neighbour.get("k", { deadlineMs: 1000 })).toBe("v");
      },
    }));

  test("sends PUT after PUT over HTTP/1.1, and reads nothing", () =>
    siege.withstand({
      what: "pipelined PUTs",
      run: async () => {
        const put =
          "PUT /v1/namespaces/default/kv/small HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\r\nv";
        for (let i = 0; i < 20; i++) siege.dial().pause().write(put.repeat(5000));
        for (let i = 0; i < 100; i++) expect(await siege.neighbour.get("k", { deadlineMs: 1000 })).toBe("v");
      },
    }));

  test("begins calls that are refused, and sends none of them", () =>
    siege.withstand({
      what: "refusals that end in RST_STREAM(NO_ERROR)",
      reason: "early_answers_per_second",
      run: async () => {
        for (let i = 0; i < 5; i++) {
          const peer = siege.peer();
          await peer.settled();
          await pipeline(peer, 20_000, (stream) => [encoded(opening(peer, stream, "NoSuchMethod"))]);

          expect((await peer.goaway()).code).toBe(ErrorCode.ENHANCE_YOUR_CALM);
          expect(await peer.reset(1)).toBe(ErrorCode.NO_ERROR);
        }
      },
    }));

  test("sends 400,000 frames of DATA of one byte each", () =>
    siege.withstand({
      what: "DATA of one byte",
      run: async () => {
        const request = setRequest("small", Buffer.alloc(100_000, "v"));
        const peers = Array.from({ length: 4 }, () => siege.peer());
        await Promise.all(peers.map((peer) => sendInBytes(peer, request)));

        await until("all of them to be answered", () =>
          peers.every((peer) =>
            peer.frames.some(({ flags, stream }) => stream === 1 && (flags & Flag.END_STREAM) !== 0),
          ),
        );
      },
    }));
});

/** One Set, its request a byte at a time. */
async function sendInBytes(peer: RawPeer, request: Buffer): Promise<void> {
  await peer.settled();
  peer.send(opening(peer, 1, "Set"));
  const frames = Buffer.alloc(request.length * 10);
  for (const [at, byte] of request.entries()) frames.set([0, 0, 1, DATA, 0, 0, 0, 0, 1, byte], at * 10);
  for (let from = 0; from < frames.length; from += 10_000) {
    peer.socket.write(frames.subarray(from, from + 10_000));
    await new Promise(setImmediate);
  }
  peer.send({ type: DATA, flags: Flag.END_STREAM, stream: 1 });
}
