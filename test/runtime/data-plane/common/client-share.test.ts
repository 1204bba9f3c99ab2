import { afterEach, beforeEach, expect, test } from "vitest";
import { FrameType } from "../../../../src/wire/frame.js";
import { until } from "../../../support/running-prism.js";
import { type Outgoing, rawClient, type RawPeer, settings, uint32 } from "../../../wire/raw-peer.js";
import { framed, type ReceivedCall, replyHead, replyOk } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { settled } from "../sender.js";

const initialWindow = 4;
const answer = Buffer.alloc(100_000, "v");
const { DATA, HEADERS, RST_STREAM, WINDOW_UPDATE } = FrameType;

let prism: Proxied;
let peer: RawPeer;
beforeEach(async () => {
  prism = await Proxied.start({ limits: { unreadBytes: 500_000, unansweredCalls: 8 } });
  peer = rawClient(prism.port, [initialWindow, 0]);
  peer.send({ type: FrameType.SETTINGS, flags: 1 });
});
afterEach(async () => {
  peer.socket.destroy();
  await prism.stop();
});

/** So many calls at once, of which none is read. */
function ask(count: number, from = 0): void {
  const fields = [":method", "POST", ":scheme", "http", ":path", "/acme.Big/Get", ":authority", "a"];
  fields.push("content-type", "application/grpc", "te", "trailers", "prism-namespace", "orders");
  const frames = Array.from({ length: count }, (_, i): Outgoing[] => {
    const stream = 2 * (from + i) + 1;
    return [
      { type: HEADERS, flags: 4, stream, payload: peer.block(fields) },
      { type: DATA, flags: 1, stream, payload: framed(Buffer.from("x")) },
    ];
  });
  peer.send(...frames.flat());
}

function answerLargely({ stream }: ReceivedCall): void {
  stream.sendHeaders(replyHead, false);
  stream.sendData(framed(answer), false);
  stream.sendHeaders(replyOk, true);
}

test.each([["reads none of its answers"], ["resets them"], ["leaves"]])(
  "a client that %s has no more made for it than its share, and its neighbour has all",
  async (what) => {
    prism.routes([
      { namespace: "orders", operations: [], services: ["acme.Big"], fileDescriptors: [], deadlineMs: 0, instance: { id: "orders-1", socket: prism.socket, token: "" } },
    ]); // prettier-ignore
    prism.plugin.answer = answerLargely;

    ask(200);
    const made = await settled(prism.port, () => prism.plugin.calls.length);
    const value = await prism.client.get("k", { namespace: "orders" }).catch(() => "answered");

    expect(made).toBeGreaterThanOrEqual(5);
    expect(made).toBeLessThan(40);
    expect(value).toBe("answered");
    if (what === "leaves") peer.socket.destroy();
    else if (what === "resets them") {
      for (let i = 0; i < made; i++) peer.send({ type: RST_STREAM, stream: 2 * i + 1, payload: uint32(8) });
      await until("others to have their turn", () => prism.plugin.calls.length > made + 1);
    } else {
      peer.send(settings([initialWindow, 2 ** 20]), { type: WINDOW_UPDATE, payload: uint32(2 ** 30) });
      await until("all to be answered", () => prism.plugin.calls.length === 201);
    }
    peer.socket.destroy();
    await until("nothing to run", () => prism.plane.counters().inFlight === 0);
  },
);

test("calls that are only slow to be answered keep no others from being asked", async () => {
  prism.routes([
    { namespace: "orders", operations: [], services: ["acme.Big"], fileDescriptors: [], deadlineMs: 0, instance: { id: "orders-1", socket: prism.socket, token: "" } },
  ]); // prettier-ignore
  prism.plugin.answer = () => undefined;

  ask(300);

  await until("all to be asked", () => prism.plugin.calls.length === 300);
});
