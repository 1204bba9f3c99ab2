import { describe, expect, test } from "vitest";
import { ProxyTotals } from "../../../../src/runtime/control-plane/proxies/proxy-totals.js";
import type { CallCounter, ProxyCounters } from "../../../../src/runtime/model/proxy-messages.js";

function counted(count: number, ledgers: ProxyCounters["ledgers"] = {}): ProxyCounters {
  const call: CallCounter = {
    ...{ namespace: "orders", operation: "get", code: "OK" },
    ...{ count, sumMs: count * 2, buckets: [0, count] },
  };
  const refused = [{ peer: "client", reason: "protocol_error", count }] as const;
  return { connections: 1, inFlight: 1, generation: 1, calls: [call], refused, ledgers, heard: {} };
}

describe("the figures of proxies that have ended", () => {
  test("are added to those of the living", () => {
    const totals = new ProxyTotals();

    totals.bury(counted(3));
    totals.bury(counted(4));

    expect(totals.callsWith([counted(5)])).toEqual([
      { namespace: "orders", operation: "get", code: "OK", count: 12, sumMs: 24, buckets: [0, 12] },
    ]);
  });

  test("are added for refusals too", () => {
    const totals = new ProxyTotals();

    totals.bury(counted(3));

    expect(totals.refusedWith([counted(4), counted(5)])).toEqual([
      { peer: "client", reason: "protocol_error", count: 12 },
    ]);
  });

  test("count calls that were in flight as cut, so that the account balances", () => {
    const totals = new ProxyTotals();

    totals.bury(counted(3, { "orders-1": { started: 10, completed: 6, failed: 1, cut: 1 } }));
    totals.bury(counted(3, { "orders-1": { started: 1, completed: 1, failed: 0, cut: 0 } }));

    expect(totals.ledgerOf("orders-1")).toEqual({ started: 11, completed: 7, failed: 1, cut: 3 });
  });

  test("are forgotten of an instance whose account is closed, and of the oldest where there are many", () => {
    const totals = new ProxyTotals();
    const one = { started: 1, completed: 1, failed: 0, cut: 0 };
    const instances = Array.from({ length: 1_001 }, (_, number) => [`orders-${number}`, one]);

    totals.bury(counted(1, Object.fromEntries(instances) as ProxyCounters["ledgers"]));
    totals.close("orders-1000");

    expect(totals.ledgerOf("orders-0").started).toBe(0);
    expect(totals.ledgerOf("orders-1").started).toBe(1);
    expect(totals.ledgerOf("orders-1000").started).toBe(0);
  });
});
