import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test, vi } from "vitest";
import { TimeLimit } from "../../src/protocol/index.js";
import { until } from "../support/running-prism.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Waits as code does that keeps nothing: what is told in the end is all that is left of the limit. */
function told(limit: () => TimeLimit): { reason: unknown } {
  const heard = { reason: undefined as unknown };
  const { signal } = limit();
  signal.addEventListener("abort", () => (heard.reason = signal.reason as unknown));
  return heard;
}

test("a time limit comes though nobody holds it, however often memory is collected meanwhile", async () => {
  const heard = told(() => new TimeLimit(20, new TimeLimit(60_000, new AbortController().signal).signal));

  await until("the limit", () => (collect(), heard.reason !== undefined), { withinMs: 5_000 });

  expect(heard.reason).toMatchObject({ name: "TimeoutError" });
});

test("a time limit ends earlier with the signal it follows, and with its reason", () => {
  const caller = new AbortController();
  const heard = told(() => new TimeLimit(60_000, caller.signal));

  caller.abort("the caller has left");

  expect(heard.reason).toBe("the caller has left");
  expect(new TimeLimit(60_000, caller.signal).signal.reason).toBe("the caller has left");
});

test("a time limit that has ended holds no timer and no listener, and aborts no more", () => {
  const caller = new AbortController();
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const limit = new TimeLimit(60_000, caller.signal);

  limit.end();
  limit.end();
  caller.abort();

  expect(limit.signal.aborted).toBe(false);
  expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout")).toHaveLength(before);
});

test("a time limit longer than any timer counts is as long as one can, and does not come at once", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  using limit = new TimeLimit(10 ** 12);

  vi.advanceTimersByTime(2 ** 31 - 2);
  expect(limit.signal.aborted).toBe(false);

  vi.advanceTimersByTime(1);
  expect(limit.signal.aborted).toBe(true);
});
