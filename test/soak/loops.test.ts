import { expect, test } from "vitest";
import { loopReport, loopsBetween, loopsOn, loopVerdict } from "../../bench/soak/loops.js";

/** A page of metrics on which a plugin's loops were looked at so often. */
function page({ looks, late = 0, longTurns = 0 }: { looks: number; late?: number; longTurns?: number }) {
  const labels = 'process="plugin",namespace="orders"';
  const other = labels.replace("orders", "carts");
  return [
    `prism_event_loop_delay_seconds_bucket{${labels},le="0.005"} ${looks - late}`,
    `prism_event_loop_delay_seconds_bucket{${labels},le="0.1"} ${looks}`,
    `prism_event_loop_delay_seconds_bucket{${labels},le="+Inf"} ${looks}`,
    `prism_event_loop_delay_seconds_count{${labels}} ${looks}`,
    `prism_event_loop_delay_seconds_bucket{${other},le="+Inf"} 0`,
    `prism_event_loop_long_turns_total{${labels}} ${longTurns}`,
    `prism_event_loop_long_turns_total{${other}} 1`,
  ].join("\n");
}

test("what metrics tell of the loops of several plugins is added up", () => {
  const plugin = loopsOn(page({ looks: 100, longTurns: 2 })).find(isPlugin);

  expect(plugin).toMatchObject({ count: 100, longTurns: 3 });
});

test("a soak is told how late loops were while it ran, and not before", () => {
  const before = loopsOn(page({ looks: 1_000, late: 900, longTurns: 9 }));
  const after = loopsOn(page({ looks: 2_000, late: 905, longTurns: 10 }));

  const told = loopsBetween(before, after).map(loopReport).find(isPlugin);

  expect(told).toEqual({ process: "plugin", p99Ms: 5, longestMs: 100, longTurns: 1 });
});

test("a soak in which one turn in 30 seconds takes over 50 ms has held, and one with more has not", () => {
  const [kept, broken] = [10, 11].map((longTurns) => {
    const after = loopsOn(page({ looks: 15_000, longTurns }));
    return loopsBetween(loopsOn(page({ looks: 0 })), after)
      .filter(isPlugin)
      .map(loopVerdict);
  });

  expect(kept).toMatchObject([{ must: "≤ 10", holds: true }]);
  expect(broken).toMatchObject([{ must: "≤ 10", holds: false }]);
});

test("a kind of process whose loops nobody looked at has not held", () => {
  const verdicts = loopsOn("").map(loopVerdict);

  expect(verdicts.map(({ figure, holds }) => [figure, holds])).toEqual([
    ["turns over 50 ms, runtime", false],
    ["turns over 50 ms, proxy", false],
    ["turns over 50 ms, plugin", false],
  ]);
});

function isPlugin({ process }: { process: string }): boolean {
  return process === "plugin";
}
