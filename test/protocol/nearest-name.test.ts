import { expect, test } from "vitest";
import { nearestName } from "../../src/protocol/nearest-name.js";

const known = ["drain_ms", "deadline_ms", "in_process", "sidecar", "orders", "a"];

test.each([
  ["drian_ms", "drain_ms"],
  ["drainMs", "drain_ms"],
  ["deadline", "deadline_ms"],
  ["in-process", "in_process"],
  ["SideCar", "sidecar"],
  ["oders", "orders"],
  ["order", "orders"],
  ["ordersx", "orders"],
])("%s is a near miss of %s", (miss, meant) => {
  expect(nearestName(miss, known)).toBe(meant);
});

test.each(["", "invoices", "xyz", "x".repeat(10_000)])("%.20s is a near miss of nothing", (miss) => {
  expect(nearestName(miss, known.slice(0, 5))).toBeUndefined();
});

test("of several near names the nearest is meant", () => {
  expect(nearestName("orders-eu", ["orders-us", "orders-eu1", "orders"])).toBe("orders-eu1");
});
