import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { framed, type ReceivedCall, replyHead, replyOk } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";
import { Sender, settled } from "./sender.js";

const MiB = 1024 * 1024;
/** A window on each side of the proxy, the sockets' own buffers, and what is on its way. */
const bound = 4 * MiB;
const total = 32 * MiB;
const piece = Buffer.alloc(64 * 1024, 1);

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start();
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

describe("a reader that is slow", () => {
  test("on the client's side stops the plugin, and gets all when it reads on", async () => {
    const sender = new Sender(total);
    prism.plugin.answer = () => undefined;
    prism.plugin.onCall = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      sender.more(stream);
    };
    prism.plugin.onDrain = ({ stream }) => sender.more(stream);

    const call = raw.call(path.stream);
    call.reads = false;
    call.send(framed(Buffer.from("x")));
    const sentAtFirst = await settled(prism.port, () => sender.sent);
    call.resume();
    const result = await call.result;

    expect(sentAtFirst).toBeGreaterThan(0);
    expect(sentAtFirst).toBeLessThan(bound);
    expect(result.status).toBe("0");
    expect(call.received).toBe(total);
  });

  test("on the plugin's side stops the client, and gets all when it reads on", async () => {
    prism.plugin.keeps = prism.plugin.credits = false;
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendHeaders(replyOk, true);
    };
    const next = prism.plugin.nextCall();

    const call = raw.call(path.stream);
    for (let sent = 0; sent < total; sent += piece.length) call.send(piece, sent + piece.length >= total);
    const received = await next;
    const receivedAtFirst = await settled(prism.port, () => received.received);
    prism.plugin.credits = true;
    received.stream.credit(receivedAtFirst);

    expect(receivedAtFirst).toBeLessThan(bound);
    expect((await call.result).status).toBe("0");
    expect(received.received).toBe(total);
  });

  test("slows nobody else down", async () => {
    const sender = new Sender(total);
    prism.plugin.onData = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      sender.more(stream);
    };
    prism.plugin.onDrain = ({ stream }) => sender.more(stream);
    const slow = raw.call(path.stream);
    slow.reads = false;
    slow.send(framed(Buffer.from("x")));
    await settled(prism.port, () => sender.sent);
    prism.plugin.onData = undefined;

    const quick = await Promise.all(
      Array.from({ length: 20 }, () => prism.client.get("k", { namespace: "orders" })),
    );

    expect(new Set(quick)).toEqual(new Set(["v"]));
  });

  test("that leaves frees what was held for it", async () => {
    const sender = new Sender(total);
    prism.plugin.answer = () => undefined;
    prism.plugin.onCall = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      sender.more(stream);
    };
    prism.plugin.onDrain = ({ stream }) => sender.more(stream);

    for (let round = 0; round < 50; round++) {
      const next = prism.plugin.nextCall();
      const call = raw.call(path.stream);
      call.reads = false;
      call.send(framed(Buffer.from("x")));
      const received = await next;
      call.stream.reset(8);
      await received.closed;
    }

    expect(prism.plane.counters().inFlight).toBe(0);
    expect(prism.ledger()).toMatchObject({ started: 50, completed: 50 });
  });
});

describe("calls that wait for a connection", () => {
  test("are held until it is there, and none of their bytes is lost", async () => {
    const calls = Array.from({ length: 100 }, (_, n) => raw.call(path.stream).send(Buffer.alloc(n * 100, n)));
    prism.plugin.answer = ({ stream, framed: sent }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendData(sent, false);
      stream.sendHeaders(replyOk, true);
    };

    const results = await Promise.all(calls.map(({ result }) => result));

    expect(results.every(({ data }, n) => data.equals(Buffer.alloc(n * 100, n)))).toBe(true);
    expect(prism.plugin.connections).toBe(1);
  });

  test("fail UNAVAILABLE where the plugin takes connections and says nothing", async () => {
    const mute = createServer().listen(`${prism.socket}-mute`);
    prism.route("orders", "mute-1", `${prism.socket}-mute`);
    mute.once("connection", (socket) => socket.destroy());

    const result = await raw.call(path.get).send(framed(Buffer.from([10, 1, 107]))).result;

    expect(result.status).toBe("14");
    expect(prism.unreachable).toEqual([expect.stringContaining("mute-1: ")]);
    mute.close();
  });

  describe("are no more than server.limits allows, whose key the refusal names:", () => {
    let own: Proxied;
    let client: RawClient;
    let mute: Server;
    beforeEach(async () => {
      own = await Proxied.start({ limits: { waitingCalls: 3, waitingBytes: 2000 } });
      client = await RawClient.connect(own.port);
      mute = createServer().listen(`${own.socket}-mute`);
      own.route("orders", "mute-1", `${own.socket}-mute`);
    });
    afterEach(async () => {
      client.vanish();
      await own.stop();
      mute.close();
    });

    test("waiting_calls is how many", async () => {
      const [first] = Array.from({ length: 3 }, () => client.call(path.stream));
      const refused = await client.call(path.stream).result;
      first?.stream.reset(8);
      client.call(path.stream);
      const again = await client.call(path.stream).result;

      expect(refused).toMatchObject({
        status: "8",
        message: expect.stringContaining("as server.limits.waiting_calls allows (3)") as string,
        info: { metadata: { limit: "server.limits.waiting_calls" } },
      });
      expect(again.status).toBe("8");
    });

    test("waiting_bytes is what they bring", async () => {
      const first = client.call(path.stream).send(Buffer.alloc(1500), false);
      const refused = await client.call(path.stream).send(Buffer.alloc(501), false).result;
      first.stream.reset(8);
      client.call(path.stream).send(Buffer.alloc(2000), false);
      const again = await client.call(path.stream).send(Buffer.alloc(1), false).result;

      expect(refused).toMatchObject({
        status: "8",
        message: expect.stringContaining("than server.limits.waiting_bytes allows (2000)") as string,
        info: { metadata: { limit: "server.limits.waiting_bytes" } },
      });
      expect(again.status).toBe("8");
    });
  });

  test("are spread over more connections where the plugin bounds the streams of one", async () => {
    prism.plugin.concurrentStreams = 5;
    await prism.client.get("k", { namespace: "orders" });
    const waiting: ReceivedCall[] = [];
    prism.plugin.answer = (call) => void waiting.push(call);

    const calls = Array.from({ length: 40 }, () =>
      raw.call(path.get).send(framed(Buffer.from([10, 1, 107]))),
    );
    const together = await settled(prism.port, () => waiting.length);
    const connections = prism.plugin.connections;
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendData(framed(Buffer.from([8, 0])), false);
      stream.sendHeaders(replyOk, true);
    };
    for (const call of waiting) prism.plugin.answer(call);
    const results = await Promise.all(calls.map(({ result }) => result));

    expect(together).toBe(20);
    expect(connections).toBe(4);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["2"]));
    expect(prism.ledger()).toMatchObject({ started: 41, completed: 41 });
  });
});
