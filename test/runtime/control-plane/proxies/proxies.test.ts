import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Proxies } from "../../../../src/runtime/control-plane/proxies/proxies.js";
import type { Route } from "../../../../src/runtime/model/route-table.js";
import { defaultLimits } from "../../../support/default-limits.js";
import { ScriptedProxies } from "../scripted-proxies.js";
import { RecordingLog } from "../supervised.js";

const route: Route = {
  namespace: "orders",
  operations: [],
  services: [],
  fileDescriptors: [],
  deadlineMs: 0,
};

let scripted: ScriptedProxies;
let log: RecordingLog;
let proxies: Proxies;
beforeEach(async () => {
  vi.useFakeTimers();
  scripted = new ScriptedProxies();
  log = new RecordingLog();
  proxies = new Proxies({
    ...{ count: 2, launch: scripted.launch, log },
    settings: { limits: defaultLimits, defaultNamespace: "", proxyProtocol: [] },
    onUnreachable: () => undefined,
  });
  await proxies.start([]);
});
afterEach(async () => {
  const stopped = proxies.stop(0);
  await vi.advanceTimersByTimeAsync(10_000);
  await stopped;
  vi.useRealTimers();
});

/** The proxy at a place in the order of launches. */
function proxy(number: number) {
  const found = scripted.all[number];
  if (!found) throw new Error(`no proxy ${number} has been launched`);
  return found;
}

test("a renewed certificate is told to every proxy, and to those that are launched later", async () => {
  const tls = { cert: "new", key: "k", clientCa: "", clientAuth: "none" } as const;

  proxies.secure(tls);
  proxy(0).end("was killed by SIGKILL");
  await vi.advanceTimersByTimeAsync(1);

  const [first, second, replaced] = scripted.all.map(({ heard }) => heard);
  for (const heard of [first, second]) expect(heard).toContainEqual({ type: "tls", tls });
  expect(replaced?.[0]).toMatchObject({ type: "start", settings: { tls } });
});

describe("a route", () => {
  test("is known to every proxy when it is pointed", async () => {
    await proxies.point("orders", route);

    expect(scripted.all.map(({ generations }) => generations.at(-1))).toEqual([1, 1]);
    expect((await proxies.status()).map(({ generation }) => generation)).toEqual([1, 1]);
  });

  test("travels with the others that change meanwhile: a thousand changes are few tables", async () => {
    await Promise.all(Array.from({ length: 1_000 }, (_, number) => proxies.point(`ns-${number}`, route)));

    const [first] = scripted.all;
    expect(first?.generations.length).toBeLessThan(5);
    const last = first?.heard.at(-1);
    expect(last?.type === "table" && Object.keys(last.table.routes)).toHaveLength(1_000);
  });

  test("does not wait for ever for a proxy that is stuck: that one is ended and replaced by one that knows", async () => {
    proxy(0).deafTo = ["table"];

    const pointed = proxies.point("orders", route);
    await vi.advanceTimersByTimeAsync(5_000);
    await pointed;
    await vi.advanceTimersByTimeAsync(1);

    expect(proxy(0).isEnded).toBe(true);
    expect(proxy(2).heard[0]).toMatchObject({
      type: "start",
      table: { generation: 1, routes: { orders: route } },
    });
  });
});

describe("a proxy that falls", () => {
  test("is replaced at once, and ever later where its successors fall too", async () => {
    const launches: number[] = [];
    scripted.prepare = (fresh) => {
      launches.push(Date.now());
      fresh.deafTo = ["start"];
      fresh.end("exited with code 1");
    };
    const beginning = Date.now();

    proxy(0).end();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(launches.map((ms) => ms - beginning)).toEqual([0, 100, 300, 700]);
    expect(log.text).toContain("data-plane process 1 was killed by SIGKILL");
  });

  test("that answers nothing any more is ended", async () => {
    proxy(1).deafTo = ["count"];

    await vi.advanceTimersByTimeAsync(30_000);

    expect(proxy(1).isEnded).toBe(true);
    expect(proxy(0).isEnded).toBe(false);
    expect(scripted.all).toHaveLength(3);
  });
});

describe("what is heard of an instance", () => {
  test("is added up over all proxies", async () => {
    proxy(0).answers = { "orders-1": 5 };
    proxy(1).answers = { "orders-1": 4, "bills-1": 7 };

    const asked = await Promise.all([proxies.hear("orders-1"), proxies.hear("idle-1")]);

    expect(asked).toEqual([9, 0]);
    expect(proxies.heard("orders-1")).toBe(9);
  });

  test("is asked once for all who want to know at once", async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => proxies.hear("orders-1")));

    expect(proxy(0).heard.filter(({ type }) => type === "count")).toHaveLength(1);
  });

  test("is not known while a proxy does not tell", async () => {
    proxy(1).deafTo = ["count"];

    const asked = proxies.hear("orders-1");
    await vi.advanceTimersByTimeAsync(2_000);

    expect(await asked).toBeUndefined();
  });
});

describe("draining an instance", () => {
  test("adds up the accounts of all proxies", async () => {
    proxy(0).ledgers = { "orders-1": { started: 5, completed: 3, failed: 2, cut: 0 } };
    proxy(1).ledgers = { "orders-1": { started: 4, completed: 3, failed: 0, cut: 1 } };

    const ledger = await proxies.drain("orders-1", 1_000);

    expect(ledger).toEqual({ started: 9, completed: 6, failed: 2, cut: 1, lost: 0 });
  });

  test("tells calls that are in no account as lost", async () => {
    proxy(0).ledgers = { "orders-1": { started: 5, completed: 3, failed: 0, cut: 0 } };

    expect((await proxies.drain("orders-1", 1_000)).lost).toBe(2);
  });

  test("counts the calls of a proxy that dies meanwhile as cut", async () => {
    proxy(0).ledgers = { "orders-1": { started: 5, completed: 3, failed: 0, cut: 0 } };
    proxy(0).deafTo = ["drain"];

    const drained = proxies.drain("orders-1", 60_000);
    await vi.advanceTimersByTimeAsync(10);
    proxy(0).end();

    expect(await drained).toEqual({ started: 5, completed: 3, failed: 0, cut: 2, lost: 0 });
  });

  test("ends a proxy that does not drain in time", async () => {
    proxy(0).ledgers = { "orders-1": { started: 5, completed: 5, failed: 0, cut: 0 } };
    proxy(0).deafTo = ["drain"];

    const drained = proxies.drain("orders-1", 1_000);
    await vi.advanceTimersByTimeAsync(3_000);

    expect(await drained).toMatchObject({ started: 5, lost: 0 });
    expect(proxy(0).isEnded).toBe(true);
  });
});

describe("a connection", () => {
  test("goes to the proxies in turn", () => {
    proxies.give(new Socket());
    proxies.give(new Socket());

    expect(scripted.all.map(({ given }) => given.length)).toEqual([1, 1]);
  });

  test("that its proxy did not take goes to another one when that falls", async () => {
    proxy(0).isTaking = false;
    const socket = new Socket();

    proxies.give(socket);
    proxy(0).end();
    await vi.advanceTimersByTimeAsync(1);

    expect(proxy(1).given).toEqual([socket]);
  });

  test("that a proxy did not take is closed when all are stopped", async () => {
    for (const number of [0, 1]) proxy(number).isTaking = false;
    const socket = new Socket();

    proxies.give(socket);
    await proxies.stop(0);

    expect(socket.destroyed).toBe(true);
  });

  test("that comes while none serves is held for the next one, for a while", async () => {
    scripted.prepare = (fresh) => (fresh.deafTo = ["start"]);
    proxy(0).end();
    proxy(1).end();
    await vi.advanceTimersByTimeAsync(0);
    const late = new Socket();

    proxies.give(late);
    await vi.advanceTimersByTimeAsync(9_000);
    const wasHeld = !late.destroyed;
    await vi.advanceTimersByTimeAsync(1_000);

    expect(wasHeld).toBe(true);
    expect(late.destroyed).toBe(true);
  });
});
