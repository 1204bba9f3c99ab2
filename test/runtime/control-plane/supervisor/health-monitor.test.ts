import { describe, expect, test } from "vitest";
import { HealthMonitor } from "../../../../src/runtime/control-plane/supervisor/health-monitor.js";
import { ManualClock } from "../supervised.js";

const settings = { intervalMs: 5_000, timeoutMs: 1_000, unhealthyAfter: 3 };

/** A monitor over answers that the test gives, one a check. */
class Monitored {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  answers: boolean[] = [];
  /** What is heard of its calls, as the proxies tell; undefined while they do not. */
  heard: number | undefined = 0;
  checks = 0;
  readonly monitor = new HealthMonitor({
    settings,
    clock: this.clock,
    check: (timeoutMs) => {
      this.checks++;
      if (this.answers.shift() ?? true)
        return Promise.resolve({ health: "HEALTHY", message: "", credentialsRefused: false });
      return Promise.reject(new Error(`no answer in ${timeoutMs} ms`));
    },
    heard: () => this.heard ?? 0,
    hear: () => Promise.resolve(this.heard),
    onReport: ({ health }) => this.told.push(health),
    onUnhealthy: (reason) => this.told.push(reason),
  });

  /** Lets so many intervals pass, each with the check that is due in it. */
  async pass(intervals: number): Promise<void> {
    for (let i = 0; i < intervals; i++) {
      this.clock.pass(settings.intervalMs);
      await new Promise(setImmediate);
    }
  }
}

describe("the health monitor", () => {
  test("asks once an interval and tells each answer", async () => {
    const plugin = new Monitored();

    await plugin.pass(3);

    expect(plugin.told).toEqual(["HEALTHY", "HEALTHY", "HEALTHY"]);
    plugin.monitor.stop();
  });

  test("calls an instance hung after three checks in a row without an answer, once", async () => {
    const plugin = new Monitored();
    plugin.answers = [false, false, false, false];

    await plugin.pass(10);

    expect(plugin.told).toEqual(["missed 3 health checks in a row: no answer in 1000 ms"]);
  });

  test("an answer in between begins the count anew", async () => {
    const plugin = new Monitored();
    plugin.answers = [false, false, true, false, false, true];

    await plugin.pass(6);

    expect(plugin.told).toEqual(["HEALTHY", "HEALTHY"]);
    plugin.monitor.stop();
  });

  test("checks at once when it is asked to", async () => {
    const plugin = new Monitored();

    plugin.monitor.checkNow();
    await new Promise(setImmediate);

    expect(plugin.told).toEqual(["HEALTHY"]);
    plugin.monitor.stop();
  });

  test("does not check more often though a storm of callers asks", async () => {
    const plugin = new Monitored();

    for (let i = 0; i < 100; i++) {
      plugin.monitor.checkNow();
      await new Promise(setImmediate);
    }

    expect(plugin.checks).toBe(1);
    plugin.monitor.stop();
  });

  test("is not hurried to a judgement by callers: three misses take three intervals", async () => {
    const plugin = new Monitored();
    plugin.answers = Array.from({ length: 1_000 }, () => false);

    for (let i = 0; i < 149; i++) {
      plugin.monitor.checkNow();
      plugin.clock.pass(100);
      await new Promise(setImmediate);
    }

    expect(plugin.checks).toBeGreaterThan(50);
    expect(plugin.told).toEqual([]);
    plugin.clock.pass(100);
    await new Promise(setImmediate);
    expect(plugin.told).toEqual(["missed 3 health checks in a row: no answer in 1000 ms"]);
  });

  test("takes an instance that answers calls for busy, however many checks it misses", async () => {
    const plugin = new Monitored();
    plugin.answers = Array.from({ length: 100 }, () => false);

    for (let i = 0; i < 50; i++) {
      plugin.heard = i + 1;
      await plugin.pass(1);
    }

    expect(plugin.told).toEqual([]);
    await plugin.pass(3);
    expect(plugin.told).toEqual(["missed 3 health checks in a row: no answer in 1000 ms"]);
  });

  test("calls no instance hung while a proxy does not tell whether it answers calls", async () => {
    const plugin = new Monitored();
    plugin.answers = Array.from({ length: 100 }, () => false);
    plugin.heard = undefined;

    await plugin.pass(10);

    expect(plugin.told).toEqual([]);
    plugin.monitor.stop();
  });

  test("asks no more once it is stopped", async () => {
    const plugin = new Monitored();
    plugin.monitor.stop();

    plugin.monitor.checkNow();
    await plugin.pass(3);

    expect(plugin.checks).toBe(0);
  });
});
