import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { EventLoopDelaysSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { LoopDelay, loopFromMessage, messageOfLoop, sumDelays } from "../../src/protocol/index.js";
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

test("what a plugin says of its loop is read as it was measured", () => {
  const measured = { buckets: [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], count: 3, sumMs: 4.5, longTurns: 1 };

  expect(loopFromMessage(create(EventLoopDelaysSchema, messageOfLoop(measured)))).toEqual(measured);
});

test.each([
  ["too few buckets", { buckets: [1, 2] }],
  ["buckets that do not add up", { buckets: [2, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] }],
  ["more in the buckets than in all", { count: 1 }],
  ["a sum that is no number", { sumMs: NaN }],
  ["a sum below zero", { sumMs: -1 }],
])("a plugin that tells of its loop %s is not believed", (_, wrong) => {
  const right = { buckets: [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], count: 3, sumMs: 4.5, longTurns: 1 };

  const said = create(EventLoopDelaysSchema, messageOfLoop({ ...right, ...wrong }));

  expect(loopFromMessage(said)).toBeUndefined();
});
