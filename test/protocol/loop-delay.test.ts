import { expect, onTestFinished, test } from "vitest";
import { LoopDelay, sumDelays } from "../../src/protocol/index.js";
import { until } from "../support/running-prism.js";

function measured(): LoopDelay {
  const loop = new LoopDelay();
  onTestFinished(() => loop.stop());
  return loop;
}

test("a turn that computes for long is told by how late it makes the loop, and counted", async () => {
  const loop = measured();
  await until("the first tick", () => loop.delays().count > 0);
  const before = loop.delays();

  const end = process.cpuUsage().user + 150_000;
  while (process.cpuUsage().user < end);
  await until("the next tick", () => loop.delays().count > before.count);

  const { buckets, count, sumMs, longTurns } = loop.delays();
  expect(sumMs - before.sumMs).toBeGreaterThan(100);
  expect(longTurns).toBe(before.longTurns + 1);
  // Over 100 ms, and not within the bucket of 100 ms.
  expect(count - (buckets[5] ?? 0)).toBeGreaterThan(before.count - (before.buckets[5] ?? 0));
});

test("what several processes measured adds up", () => {
  const one = { buckets: [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], count: 3, sumMs: 4, longTurns: 1 };

  expect(sumDelays([one, one])).toEqual({
    buckets: [2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
    count: 6,
    sumMs: 8,
    longTurns: 2,
  });
});
