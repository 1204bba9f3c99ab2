import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Flag, FrameType, http2Preface } from "../../../src/wire/frame.js";
import { type Issued, TestAuthority } from "../../support/certificates.js";
import { until } from "../../support/running-prism.js";
import { encoded, rawClient, RawPeer, settings, uint32 } from "../../wire/raw-peer.js";
import { answerGet, framed, type ReceivedCall } from "./plugin-stub.js";
import { Proxied, type ProxiedOptions } from "./proxied.js";

const { DATA, HEADERS } = FrameType;
const { END_STREAM, END_HEADERS } = Flag;
const getRequest = framed(Buffer.from([10, 1, 107]));

let served: Issued;
let prism: Proxied;
let waiting: ReceivedCall[];
const sockets: Socket[] = [];
beforeAll(async () => {
  served = await (await TestAuthority.create()).issue();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await prism.stop();
});

/** A data plane whose plugin answers when the test does. */
async function serving(options: ProxiedOptions = {}): Promise<void> {
  prism = await Proxied.start(options);
  waiting = [];
  prism.plugin.answer = (call) => void waiting.push(call);
}

function plainPeer(): RawPeer {
  const peer = rawClient(prism.port);
  sockets.push(peer.socket);
  return peer;
}

async function tlsPeer(maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<RawPeer> {
  const { port } = prism;
  const options = { port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false, maxVersion };
  const socket = connectTls(options);
  sockets.push(socket);
  const peer = new RawPeer(socket);
  await once(socket, "secureConnect");
  socket.write(Buffer.concat([http2Preface, encoded(settings())]));
  return peer;
}

/** A whole call of `Get`, in one write with the end of all that the client says. */
function askAndEnd(peer: RawPeer, type = "application/grpc", endStream: number = END_STREAM): void {
  const payload = peer.block([
    ":method",
    "POST",
    ":scheme",
    "http",
    ":path",
    "/prism.keyvalue.v1.KeyValue/Get",
    ":authority",
    "prism",
    "content-type",
    type,
    "te",
    "trailers",
    "prism-namespace",
    "orders",
  ]);
  const head = encoded({ type: HEADERS, flags: END_HEADERS, stream: 1, payload });
  const data = encoded({ type: DATA, flags: endStream, stream: 1, payload: getRequest });
  peer.socket.end(Buffer.concat([head, data]));
}

/** What a client speaks, and over what. */
interface Way {
  readonly what: string;
  readonly type?: string;
  readonly tls?: "TLSv1.2" | "TLSv1.3";
}

const ways: Way[] = [
  { what: "gRPC" },
  { what: "gRPC-Web", type: "application/grpc-web+proto" },
  { what: "gRPC over TLS 1.3", tls: "TLSv1.3" },
  { what: "gRPC over TLS 1.2", tls: "TLSv1.2" },
];

describe("a client that has said all it will say is answered, and then the connection ends", () => {
  test.each(ways)("over $what", async ({ type, tls }) => {
    await serving(tls && { settings: { tls: { ...served, clientCa: "", clientAuth: "none" } } });
    const peer = tls ? await tlsPeer(tls) : plainPeer();
    const ended = once(peer.socket, "end");

    askAndEnd(peer, type);
    await until("the call", () => waiting.length === 1);
    await peer.heard(({ type, flags }) => type === FrameType.PING && flags === 0);
    for (const call of waiting) answerGet(call, { found: true, value: Buffer.from("v") });

    await peer.heard(
      ({ type, flags, stream }) => type <= HEADERS && stream === 1 && (flags & END_STREAM) > 0,
    );
    await ended;
    await until("the connection to be gone", () => prism.plane.counters().connections === 0);
    expect(prism.counted("get", "OK")).toBe(1);
  });
});

describe("a client that says no more is let go", () => {
  test("when it has not asked in full: its call is cancelled", async () => {
    await serving();
    const peer = plainPeer();
    await peer.settled();

    askAndEnd(peer, "application/grpc", 0);

    await until("the connection to be gone", () => prism.plane.counters().connections === 0);
    expect(prism.counted("get", "CANCELLED")).toBe(1);
  });

  test.each(ways)(
    "when it has gone altogether, though it has asked in full, over $what",
    async ({ type, tls }) => {
      await serving(tls && { settings: { tls: { ...served, clientCa: "", clientAuth: "none" } } });
      const peer = tls ? await tlsPeer(tls) : plainPeer();
      await peer.settled();

      askAndEnd(peer, type);
      await until("the call", () => waiting.length === 1);
      peer.socket.destroy();

      await until("the connection to be gone", () => prism.plane.counters().connections === 0);
      expect(prism.counted("get", "CANCELLED")).toBe(1);
      expect(prism.plane.counters().inFlight).toBe(0);
    },
  );

  test("when it never reads what it has asked for", async () => {
    await serving({ limits: { stallMs: 200 } });
    const peer = plainPeer();
    peer.send({ type: FrameType.SETTINGS, payload: Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]) });
    peer.send({ type: FrameType.WINDOW_UPDATE, payload: uint32(2 ** 31 - 1 - 65_535) });
    peer.socket.pause();

    askAndEnd(peer);
    await until("the call", () => waiting.length === 1);
    for (const call of waiting) answerGet(call, { found: true, value: Buffer.alloc(32 * 1024 * 1024) });

    await until("the connection to be gone", () => prism.plane.counters().connections === 0);
    expect(prism.plane.counters().inFlight).toBe(0);
  });

  test("when it says nothing at all, at once", async () => {
    await serving();
    const peer = plainPeer();
    await peer.settled();

    peer.socket.end();

    await until("the connection to be gone", () => prism.plane.counters().connections === 0);
  });
});
