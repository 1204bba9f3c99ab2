import { describe, expect, test } from "vitest";
import { RestartPolicy } from "../../../../src/runtime/control-plane/supervisor/restart-policy.js";

const settings = { backoffMs: 200, maxBackoffMs: 30_000, loop: { falls: 5, withinMs: 60_000 } };

/** A policy, its clock, and falls that come at once when a restart is due. */
function policyAt(random = 1): { policy: RestartPolicy; pass: (ms: number) => void } {
  let now = 0;
  const policy = new RestartPolicy(settings, { now: () => now, random: () => random });
  return { policy, pass: (ms) => (now += ms) };
}

describe("the restart policy", () => {
  test("waits twice as long after each fall", () => {
    const { policy } = policyAt();

    const delays = [1, 2, 3, 4].map(() => policy.fell().delayMs);

    expect(delays).toEqual([200, 400, 800, 1600]);
  });

  test("spreads restarts by chance over the upper half of the back-off", () => {
    const earliest = policyAt(0).policy.fell();
    const latest = policyAt(1).policy.fell();

    expect(earliest.delayMs).toBe(100);
    expect(latest.delayMs).toBe(200);
  });

  test("calls it a crash loop after five falls within a minute, and then waits as long as it may", () => {
    const { policy } = policyAt();

    const decisions = [1, 2, 3, 4, 5].map(() => policy.fell());

    expect(decisions.map(({ isLoop }) => isLoop)).toEqual([false, false, false, false, true]);
    expect(decisions.at(-1)?.delayMs).toBe(30_000);
  });

  test("goes on calling it a loop though its own waiting makes falls rare", () => {
    const { policy, pass } = policyAt();
    for (let i = 0; i < 5; i++) policy.fell();

    const later = [1, 2, 3, 4, 5, 6].map(() => {
      pass(30_000);
      policy.served();
      return policy.fell();
    });

    expect(later.every(({ isLoop, delayMs }) => isLoop && delayMs === 30_000)).toBe(true);
  });

  test("forgets the past once an instance has served for the loop's window", () => {
    const { policy, pass } = policyAt();
    for (let i = 0; i < 5; i++) policy.fell();
    policy.served();
    pass(60_000);

    const decision = policy.fell();

    expect(decision).toEqual({ delayMs: 200, isLoop: false });
  });

  test("falls that are far apart are no loop", () => {
    const { policy, pass } = policyAt();

    const decisions = Array.from({ length: 10 }, () => {
      policy.served();
      pass(20_000);
      return policy.fell();
    });

    expect(decisions.some(({ isLoop }) => isLoop)).toBe(false);
  });
});
