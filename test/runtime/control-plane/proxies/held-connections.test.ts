import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HeldConnections } from "../../../../src/runtime/control-plane/proxies/held-connections.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("a connection that is held", () => {
  test("is had back by its number, once, and is nobody's to close then", () => {
    const held = new HeldConnections(2);
    const [first, second] = [new Socket(), new Socket()];
    const number = held.hold(first) ?? 0;
    held.hold(second);

    expect([held.take(number), held.take(number)]).toEqual([first, undefined]);
    expect(held.release()).toEqual([second]);
    vi.advanceTimersByTime(60_000);
    expect([first.destroyed, second.destroyed]).toEqual([false, false]);
  });

  test("is closed where too many are", () => {
    const held = new HeldConnections(1);
    const [first, second] = [new Socket(), new Socket()];

    expect([held.hold(first), held.hold(second)]).toEqual([1, undefined]);

    expect([first.destroyed, second.destroyed]).toEqual([false, true]);
    expect(held.release()).toEqual([first]);
  });

  test("is closed when it has waited too long, and its place is free", () => {
    const held = new HeldConnections(1);
    const socket = new Socket();
    const number = held.hold(socket) ?? 0;

    vi.advanceTimersByTime(10_000);

    expect(socket.destroyed).toBe(true);
    expect(held.take(number)).toBeUndefined();
    expect(held.hold(new Socket())).toBeDefined();
  });
});
