import { expect, test } from "vitest";
import { growthPerHour, type Point } from "../../bench/soak/flatness.js";

test("growth is told within each process's life, however often the process is replaced", () => {
  const lives = [1, 2, 3].flatMap((pid) => line(pid, { from: pid * 100, start: 50, perSecond: 0.01 }));

  expect(growthPerHour(lives, 10)).toBeCloseTo(36);
});

test("what a process takes while it warms up is no growth", () => {
  const warming = line(1, { from: 0, start: 0, perSecond: 1 }).filter(({ at }) => at < 30);
  const flat = line(1, { from: 0, start: 30, perSecond: 0 }).filter(({ at }) => at >= 30);

  expect(growthPerHour([...warming, ...flat], 30)).toBeCloseTo(0);
  expect(growthPerHour(warming, 30)).toBe(0);
});

function line(
  pid: number,
  { from, start, perSecond }: { from: number; start: number; perSecond: number },
): Point[] {
  return Array.from({ length: 60 }, (_, i) => ({ at: from + i, pid, value: start + i * perSecond }));
}
