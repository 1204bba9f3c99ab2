import { expect, test } from "vitest";
import { ClosedStreams } from "../../src/wire/closed-streams.js";

test("of a connection that resets all its streams the last 4096 are remembered", () => {
  const closed = new ClosedStreams();

  for (let id = 1; id < 40_000; id += 2) closed.add(id);

  const known = Array.from({ length: 20_000 }, (_, i) => 2 * i + 1).filter((id) => closed.has(id));
  expect(known.length).toBe(4096);
  expect(known[0]).toBe(40_001 - 2 * 4096);
});

test("streams that are far apart are all remembered, as long as there are few", () => {
  const closed = new ClosedStreams();
  const streams = [3, 17, 513, 1025, 4099, 8191, 9001];

  for (const id of streams) closed.add(id);

  expect(streams.filter((id) => closed.has(id))).toEqual(streams);
  expect([1, 5, 515, 8193 + 3].filter((id) => closed.has(id))).toEqual([]);
});

test("nothing is remembered that was not reset", () => {
  expect(new ClosedStreams().has(1)).toBe(false);
});
