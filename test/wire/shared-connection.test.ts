import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/wire/error-code.js";
import { Flag, FrameType } from "../../src/wire/frame.js";
import {
  type ClientConnection,
  type ClientStream,
  connectHttp2,
  HeaderList,
  type StreamListener,
} from "../../src/wire/index.js";
import { until } from "../support/running-prism.js";
import { type RawPeer, rawServer, uint32 } from "./raw-peer.js";

const { HEADERS, PING, RST_STREAM, WINDOW_UPDATE } = FrameType;
const request = new HeaderList([":method", "POST", ":scheme", "http", ":path", "/a"]);
const nobody: StreamListener = {
  onHeaders: () => undefined,
  onData: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};
const [concurrentStreams, initialWindow] = [3, 4];
const widest = 2 ** 30;

let server: Awaited<ReturnType<typeof rawServer>>;
let peer: RawPeer;
let client: ClientConnection;
let available = 0;

async function connected(): Promise<void> {
  server = await rawServer([concurrentStreams, 100_000], [initialWindow, widest]);
  client = connectHttp2(
    connect(server.port, "127.0.0.1"),
    {},
    { onAvailable: () => available++, onGoaway: () => undefined, onClose: () => undefined },
  );
  peer = await server.peer;
  peer.send({ type: WINDOW_UPDATE, payload: uint32(widest) });
  await until("the server's SETTINGS", () => client.settled);
  await peer.settled();
}

afterEach(() => {
  client.destroy();
  server.close();
});

function opened(count: number): ClientStream[] {
  return Array.from({ length: count }, () => client.open(request, false, nobody));
}

/** The server reads no more, and as much has been written to it as its socket takes. */
async function choked(): Promise<void> {
  peer.socket.pause();
  const stream = client.open(request, false, nobody);
  await until("the socket to take no more", () => {
    stream.sendData(Buffer.alloc(256 * 1024), false);
    return stream.queuedBytes > 0;
  });
}

function answered(stream: number): RawPeer["frames"] {
  return peer.frames.filter(({ type, flags, payload }) => {
    return type === PING && flags === Flag.ACK && payload.equals(Buffer.alloc(8, stream));
  });
}

describe("the connection that carries the calls of many is not ended", () => {
  test("for the calls that we end while the server does not read", async () => {
    await connected();
    const streams = opened(2000);
    await choked();

    for (const stream of streams) stream.reset(ErrorCode.CANCEL);
    peer.send({ type: PING, payload: Buffer.alloc(8, 7) });
    peer.socket.resume();
    await until("the answer to PING", () => answered(7).length === 1);

    expect(client.closed).toBe(false);
    expect(client.canOpen).toBe(true);
  });

  test("for a server that ends what we have ended already", async () => {
    await connected();

    for (let round = 0; round < 5; round++) {
      for (const stream of opened(1000)) stream.reset(ErrorCode.CANCEL);
      const ids = Array.from({ length: 1000 }, (_, i) => 2000 * round + 2 * i + 1);
      peer.send(...ids.map((stream) => ({ type: RST_STREAM, stream, payload: uint32(ErrorCode.NO_ERROR) })));
      await peer.settled();
    }

    expect(client.closed).toBe(false);
  });

  test("for answers that are malformed, however many calls have one", async () => {
    await connected();
    opened(1000);
    const payload = peer.block(["a", "b"]);

    for (let stream = 1; stream < 2000; stream += 2)
      peer.send({ type: HEADERS, flags: Flag.END_HEADERS, stream, payload });
    await peer.reset(1999);
    await peer.settled();

    expect(client.closed).toBe(false);
    expect(client.streams).toBe(0);
  });
});

test("a server that does not read is given no more streams, until it does", async () => {
  await connected();
  await choked();

  let count = 0;
  while (client.canOpen && count < 1_000_000) {
    client.open(request, false, nobody).reset(ErrorCode.CANCEL);
    if (++count % 100 === 0) await new Promise(setImmediate);
  }
  available = 0;
  peer.socket.resume();
  await until("room for more", () => available > 0);

  expect(count).toBeLessThan(1_000_000);
  expect(client.canOpen).toBe(true);
});
