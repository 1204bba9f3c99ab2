import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerGet, framed, type ReceivedCall, replyHead } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";

const orders = { namespace: "orders" };
const getRequest = framed(Buffer.from([10, 1, 107]));
const cancel = 8;

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

/** A call that the plugin has got and does not answer. */
async function running(
  headers: Record<string, string> = {},
): Promise<[ReturnType<RawClient["call"]>, ReceivedCall]> {
  const answered = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
  const call = raw.call(path.get, headers).send(getRequest);
  return [call, await answered];
}

describe("a client that leaves", () => {
  test("by cancelling: the plugin is told at once", async () => {
    const [call, received] = await running();

    call.stream.reset(cancel);

    expect(await received.closed).toBe(cancel);
    expect(prism.ledger()).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
    expect(prism.counted("get", "CANCELLED")).toBe(1);
  });

  test("with its connection: the plugin is told of each of its calls", async () => {
    const calls = [await running(), await running(), await running()];

    raw.vanish();

    expect(await Promise.all(calls.map(([, received]) => received.closed))).toEqual([cancel, cancel, cancel]);
    expect(prism.ledger()).toEqual({ started: 3, completed: 3, failed: 0, cut: 0 });
    expect(prism.plane.counters().inFlight).toBe(0);
  });

  test("in the middle of its message: nothing runs", async () => {
    const next = prism.plugin.nextCall();
    raw.call(path.get).send(getRequest.subarray(0, 6), false);
    const received = await next;

    raw.vanish();

    expect(await received.closed).toBe(cancel);
    expect(received.ended).toBe(false);
  });

  test("before there is a connection to the plugin: the plugin never hears of it", async () => {
    const call = raw.call(path.get).send(getRequest);
    call.stream.reset(cancel);
    await prism.client.get("k", orders);

    expect(prism.plugin.calls).toHaveLength(1);
    expect(prism.plane.counters().inFlight).toBe(0);
  });
});

describe("a deadline", () => {
  test("of the client is told to the plugin, rounded down, and kept by the proxy", async () => {
    const [call, received] = await running({ "grpc-timeout": "50m" });

    const result = await call.result;

    expect(received.headers.get("grpc-timeout")).toMatch(/^\d+[mun]$/);
    expect(Number.parseInt(received.headers.get("grpc-timeout") ?? "", 10)).toBeLessThanOrEqual(50_000_000);
    expect(result).toMatchObject({ status: "4", message: expect.stringContaining("50 ms") as string });
    expect(await received.closed).toBe(cancel);
    expect(prism.counted("get", "DEADLINE_EXCEEDED")).toBe(1);
    expect(prism.ledger()).toMatchObject({ started: 1, failed: 1 });
  });

  test("of the namespace holds where the client has none or a longer one", async () => {
    const own = await Proxied.start({ route: { deadlineMs: 30 } });
    own.plugin.answer = () => undefined;
    const client = await RawClient.connect(own.port);

    const none = await client.call(path.get).send(getRequest).result;
    const longer = await client.call(path.get, { "grpc-timeout": "1H" }).send(getRequest).result;

    expect([none.status, longer.status]).toEqual(["4", "4"]);
    expect(own.plugin.calls[1]?.headers.get("grpc-timeout")).toBe("30m");
    client.vanish();
    await own.stop();
  });

  test("that has passed already ends the call", async () => {
    // The plugin need not have heard of it by then.
    prism.plugin.answer = () => undefined;

    const { status } = await raw.call(path.get, { "grpc-timeout": "0n" }).send(getRequest).result;

    expect(status).toBe("4");
  });

  test("reaches the plugin to the millisecond, rounded down", async () => {
    await prism.client.get("k", orders);
    await raw.call(path.get, { "grpc-timeout": "14987654u" }).send(getRequest).result;

    const timeouts = prism.plugin.calls.slice(1).map(({ headers }) => headers.get("grpc-timeout"));
    expect(timeouts).toEqual(["14987m"]);
  });
});

describe("a plugin that dies", () => {
  test("in the middle of calls: each of them fails UNAVAILABLE, and it is reported", async () => {
    const [first] = await running();
    const [second] = await running();

    await prism.plugin.die();

    expect((await first.result).status).toBe("14");
    expect(await second.result).toMatchObject({ status: "14", info: { reason: "PLUGIN_AWAY" } });
    expect(prism.ledger()).toEqual({ started: 2, completed: 0, failed: 2, cut: 0 });
    expect(prism.unreachable).toEqual([expect.stringContaining("orders-1: ")]);
  });

  test("in the middle of a stream: the client gets what came, and UNAVAILABLE", async () => {
    prism.plugin.onCall = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendData(framed(Buffer.from("x")), false);
    };
    const next = prism.plugin.nextCall();
    const call = raw.call(path.stream).send(framed(Buffer.from("y")), false);
    await next;
    await waitFor(() => call.received > 0, call);

    await prism.plugin.die();

    expect(await call.result).toMatchObject({ status: "14", data: framed(Buffer.from("x")) });
  });

  test("and is back on its socket is reached again, without a word to anyone", async () => {
    await prism.client.get("k", orders);
    await prism.plugin.die();
    await prism.plugin.listen(prism.socket);

    expect(await prism.client.get("k", orders)).toBe("v");
  });

  test("and is not there: calls fail UNAVAILABLE at once, and it is reported", async () => {
    await prism.plugin.die();

    const failed = await raw.call(path.get).send(getRequest).result;

    expect(failed).toMatchObject({
      status: "14",
      message: expect.stringContaining("cannot be reached") as string,
    });
    expect(prism.unreachable).toEqual([expect.stringContaining("orders-1: ")]);
    expect(prism.ledger()).toEqual({ started: 1, completed: 0, failed: 1, cut: 0 });
  });

  test("by breaking one call off: only that one fails", async () => {
    const [call, received] = await running();
    prism.plugin.answer = (next) => answerGet(next, { found: false, value: Buffer.alloc(0) });

    received.stream.reset(2);

    expect((await call.result).status).toBe("13");
    expect((await raw.call(path.get).send(getRequest).result).status).toBe("0");
  });
});

describe("a drain", () => {
  test("waits for the calls that run, and its ledger balances", async () => {
    const [call, received] = await running();
    prism.route("orders", "orders-2", prism.socket);

    const drained = prism.plane.drain("orders-1", 10_000);
    answerGet(received, { found: true, value: Buffer.from("late") });

    expect((await call.result).status).toBe("0");
    expect(await drained).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
  });

  test("cuts those that outlive its deadline, and tells the plugin and the clients", async () => {
    const [call, received] = await running();
    prism.route("orders", "orders-2", prism.socket);

    const ledger = await prism.plane.drain("orders-1", 20);

    expect(ledger).toEqual({ started: 1, completed: 0, failed: 0, cut: 1 });
    expect(await call.result).toMatchObject({
      status: "14",
      message: expect.stringContaining("call again") as string,
    });
    expect(await received.closed).toBe(cancel);
  });

  test("of an instance that is idle, or unknown, is done at once, and its connections are closed", async () => {
    await prism.client.get("k", orders);
    prism.route("orders", undefined, "");

    expect(await prism.plane.drain("orders-1", 10_000)).toMatchObject({ started: 1, completed: 1 });
    expect(await prism.plane.drain("never", 10_000)).toEqual({ started: 0, completed: 0, failed: 0, cut: 0 });
    await waitFor(() => prism.plugin.connections === 0);
    expect(prism.unreachable).toEqual([]);
  });

  test("loses no call while a loop of them runs", async () => {
    const stopped = new AbortController();
    let calls = 0;
    const loop = async (): Promise<void> => {
      while (!stopped.signal.aborted) {
        expect((await raw.call(path.get).send(getRequest).result).status).toBe("0");
        calls++;
      }
    };
    const loops = Array.from({ length: 8 }, loop);

    const ledgers = [];
    for (let n = 1; n <= 5; n++) {
      const reached = calls + 20;
      await waitFor(() => calls >= reached);
      prism.route("orders", `orders-${n + 1}`, prism.socket);
      ledgers.push(await prism.plane.drain(`orders-${n}`, 10_000));
    }
    stopped.abort();
    await Promise.all(loops);

    for (const { started, completed } of ledgers) expect(completed).toBe(started);
    const { ledgers: all } = prism.plane.counters();
    expect(Object.values(all).reduce((sum, { completed }) => sum + completed, 0)).toBe(calls);
  });
});

describe("stopping", () => {
  test("finishes the calls that run, and takes no new connections", async () => {
    const [call, received] = await running();

    const stopped = prism.plane.stop(10_000);
    const late = await RawClient.connect(prism.port);
    const refused = await late.call(path.get).send(getRequest).result;
    answerGet(received, { found: true, value: Buffer.from("v") });

    expect((await call.result).status).toBe("0");
    expect(refused.status).toBeUndefined();
    await stopped;
    expect(prism.plane.counters().connections).toBe(0);
  });

  test("cuts at its deadline what still runs", async () => {
    const [call, received] = await running();

    await prism.plane.stop(20);

    expect((await call.result).status).toBeUndefined();
    expect(await received.closed).toBe(cancel);
    expect(prism.plane.counters().inFlight).toBe(0);
  });
});

/** Waits until something holds; a call that ends first ends the wait. */
async function waitFor(holds: () => boolean, call?: ReturnType<RawClient["call"]>): Promise<void> {
  const over = new AbortController();
  void call?.result.then(() => over.abort());
  while (!holds() && !over.signal.aborted) await new Promise(setImmediate);
  expect(holds()).toBe(true);
}
