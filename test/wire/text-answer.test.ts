import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/wire/error-code.js";
import { Flag, FrameType } from "../../src/wire/frame.js";
import { serveHttp2, TextAnswer } from "../../src/wire/index.js";
import { rawClient, type RawPeer, settings, uint32 } from "./raw-peer.js";

const { DATA } = FrameType;
const { END_STREAM } = Flag;
const part = { type: DATA, stream: 1, payload: Buffer.alloc(16_384) };
const answer = new TextAnswer(415, "speak gRPC");

let server: Server;
let peer: RawPeer;
beforeEach(async () => {
  server = createServer((socket) => {
    const listener = {
      onRequest: (...[stream, , hasEnded]: Parameters<Parameters<typeof serveHttp2>[2]["onRequest"]>) =>
        answer.to(stream, hasEnded),
      onClose: () => undefined,
    };
    serveHttp2(socket, {}, listener);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  peer = rawClient((server.address() as AddressInfo).port);
  await peer.settled();
});
afterEach(() => {
  peer.socket.destroy();
  server.close();
});

/** What has come of an answer's body. */
function body(): string {
  return Buffer.concat(
    peer.frames.filter(({ type }) => type === DATA).map(({ payload }) => payload),
  ).toString();
}

describe("an answer in text", () => {
  test("goes out at once where the request has ended", async () => {
    peer.send(peer.request(1, END_STREAM));
    await peer.settled();

    expect(body()).toBe("speak gRPC\n");
  });

  test("waits for the end of a request, whether DATA or trailers tell it", async () => {
    peer.send(peer.request(1, 0), { type: DATA, stream: 1, payload: Buffer.alloc(1000) });
    peer.send(peer.request(3, 0));
    await peer.settled();
    expect(body()).toBe("");

    peer.send({ type: DATA, flags: END_STREAM, stream: 1 });
    peer.send({ type: FrameType.HEADERS, flags: END_STREAM | 4, stream: 3, payload: peer.block(["x", "y"]) });
    await peer.settled();

    expect(body()).toBe("speak gRPC\nspeak gRPC\n");
  });

  test("goes out on the way of a request that goes on and on, once, and ends it", async () => {
    peer.send(peer.request(1, 0), ...Array.from({ length: 6 }, () => part));

    expect(await peer.reset(1)).toBe(ErrorCode.NO_ERROR);
    expect(body()).toBe("speak gRPC\n");
  });

  test("goes out once also where its client gives the window for it late", async () => {
    peer.send(settings([4, 0]), peer.request(1, 0), ...Array.from({ length: 6 }, () => part));
    await peer.settled();

    peer.send({ type: FrameType.WINDOW_UPDATE, stream: 1, payload: uint32(1000) });
    await peer.settled();

    expect(peer.frames.filter(({ type }) => type === FrameType.HEADERS)).toHaveLength(1);
    expect(body()).toBe("speak gRPC\n");
  });
});
