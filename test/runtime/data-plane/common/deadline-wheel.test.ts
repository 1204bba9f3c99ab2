import { afterEach, describe, expect, test, vi } from "vitest";
import { DeadlineWheel } from "../../../../src/runtime/data-plane/common/deadline-wheel.js";

let ms = 0;
const wheel = new DeadlineWheel(() => ms);

/** Lets time pass, and the wheel's timer tick. */
function pass(duration: number): void {
  ms += duration;
  wheel.turn();
}

afterEach(() => pass(100_000));

describe("a deadline", () => {
  test("is told when it has passed, never early, and within two ticks", () => {
    const timed = { onDeadline: vi.fn() };
    wheel.add(timed, 100);

    pass(99);
    expect(timed.onDeadline).not.toHaveBeenCalled();
    pass(11);

    expect(timed.onDeadline).toHaveBeenCalledOnce();
    pass(100_000);
    expect(timed.onDeadline).toHaveBeenCalledOnce();
  });

  test("is not told once it is removed, and may be removed twice", () => {
    const timed = { onDeadline: vi.fn() };
    const deadline = wheel.add(timed, 100);

    wheel.remove(deadline);
    wheel.remove(deadline);
    pass(1000);

    expect(timed.onDeadline).not.toHaveBeenCalled();
  });

  test("further away than a turn of the wheel is told in its own turn", () => {
    const timed = { onDeadline: vi.fn() };
    wheel.add(timed, 60_000);

    for (let passed = 0; passed < 59_000; passed += 500) pass(500);
    expect(timed.onDeadline).not.toHaveBeenCalled();
    pass(2000);

    expect(timed.onDeadline).toHaveBeenCalledOnce();
  });

  test("that passed during a long pause is told with all others, each once", () => {
    const timed = Array.from({ length: 1000 }, () => ({ onDeadline: vi.fn() }));
    timed.forEach((each, n) => wheel.add(each, n * 37));

    pass(1_000_000);

    for (const { onDeadline } of timed) expect(onDeadline).toHaveBeenCalledOnce();
  });

  test("may remove another one when it is told", () => {
    const second = { onDeadline: vi.fn() };
    const later = wheel.add(second, 10);
    wheel.add({ onDeadline: () => wheel.remove(later) }, 5);

    pass(6);
    pass(100);

    expect(second.onDeadline).not.toHaveBeenCalled();
  });
});
