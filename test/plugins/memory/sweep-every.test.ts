import { afterEach, expect, test, vi } from "vitest";
import { sweepEvery } from "../../../src/plugins/memory/sweep-every.js";

afterEach(() => vi.useRealTimers());

test("a sweep of many keys takes turns, between which others are served", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setImmediate", "clearImmediate"] });
  let left = 600;
  const sweeping = sweepEvery(1000, (most) => (left -= Math.min(most, left)) > 0);

  const seen: number[] = [];
  vi.advanceTimersByTime(999);
  for (let i = 0; i < 4; i++) {
    vi.advanceTimersToNextTimer();
    seen.push(left);
  }
  sweeping.stop();

  expect(seen.slice(0, 3)).toEqual([350, 100, 0]);
  expect(vi.getTimerCount()).toBe(0);
});
