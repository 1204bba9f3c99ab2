import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Namespace } from "../../../../src/runtime/model/namespace.js";
import { builtIn, children, fixture, isAlive, namespaceOn, Supervised } from "../supervised.js";

let prism: Supervised;
beforeEach(async () => {
  prism = await Supervised.begin();
});
afterEach(() => prism.end());

const memory = namespaceOn("", { plugin: { code: { kind: "module", file: builtIn("memory") } } });

const plain = namespaceOn("answers-slowly.js");

/** A plugin whose program the test can change between starts. */
async function changeable(program: string, more: Parameters<typeof namespaceOn>[1] = {}): Promise<Namespace> {
  const command = [process.execPath, await become(program)] as const;
  return namespaceOn("", {
    ...more,
    plugin: { ...more.plugin, code: { kind: "command", command, cwd: prism.directory } },
  });
}

/** Makes the program of {@link changeable} another one. */
async function become(program: string): Promise<string> {
  const text = await readFile(fixture(program), "utf8");
  return prism.write("plugin.mjs", text.replace("./lib/serve.js", fixture("lib/serve.js")));
}

function pids(): number[] {
  return prism.supervisor.instances().map(({ pid }) => pid);
}

function routedTo(): string | undefined {
  return prism.routes.current?.instance?.id;
}

describe("a reload", () => {
  test("makes the new instance ready, points the route, drains the old one, ends it, and accounts for every call", async () => {
    await prism.supervisor.start(memory);
    const [old = 0] = pids();
    const ledger = { started: 9, completed: 7, failed: 2, cut: 0, lost: 0 };
    prism.routes.ledger = ledger;
    const steps: unknown[] = [];

    const reloaded = await prism.supervisor.reload("orders", {}, ({ step, from, to, ledger: account }) => {
      steps.push([step, from, to, account?.started]);
    });

    expect(steps).toEqual([
      ["launch", "1.0.0", "", undefined],
      ["initialize", "1.0.0", "1.0.0", undefined],
      ["health_check", "1.0.0", "1.0.0", undefined],
      ["point", "1.0.0", "1.0.0", undefined],
      ["drain", "1.0.0", "1.0.0", undefined],
      ["shutdown", "1.0.0", "1.0.0", undefined],
      ["done", "1.0.0", "1.0.0", 9],
    ]);
    expect(reloaded).toMatchObject({ namespace: "orders", from: "1.0.0", to: "1.0.0", ledger });
    expect(routedTo()).toBe("orders-2");
    expect(isAlive(old)).toBe(false);
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-2", state: "ready", restarts: 0 }]);
  });

  test("lets the old one finish: it runs, as draining, until it has drained", async () => {
    await prism.supervisor.start(plain);
    const [old = 0] = pids();
    const seen: unknown[] = [];
    prism.routes.onDrain = (instance) => {
      seen.push(
        instance,
        routedTo(),
        isAlive(old),
        prism.supervisor.instances().map(({ state }) => state),
      );
    };

    await prism.supervisor.reload("orders");

    expect(seen).toEqual(["orders-1", "orders-2", true, ["draining", "ready"]]);
    expect(prism.routes.drained).toEqual([{ instance: "orders-1", deadlineMs: 5_000 }]);
  });

  const faults = [
    ["exits-at-once.js", /exited with code 3.*the licence file is missing/],
    ["never-shakes-hands.js", /did not shake hands in time/],
    ["refuses-initialize.js", /the warehouse is closed on Sundays/],
    ["hangs-in-initialize.js", /did not answer Initialize in time/],
    ["dies-in-initialize.js", /was killed by SIGKILL before it was ready/],
    ["says-it-is-unhealthy.js", /is UNHEALTHY: the warehouse does not answer/],
  ] as const;
  for (const [program, sentence] of faults) {
    test(`into a plugin that ${program.replace(".js", "").replaceAll("-", " ")} says why, and the old one serves on untouched`, async () => {
      await prism.supervisor.start(
        await changeable("answers-slowly.js", { plugin: { startTimeoutMs: 1_000 } }),
      );
      const [old = 0] = pids();
      const { points } = prism.routes;
      const before = points.length;
      await become(program);

      const failed = prism.supervisor.reload("orders");

      await expect(failed).rejects.toThrow(sentence);
      expect(points.length).toBe(before);
      expect(prism.supervisor.instances()).toMatchObject([
        { id: "orders-1", pid: old, state: "ready", reason: "" },
      ]);
      expect(children().filter((command) => command.includes("plugin.mjs")).length).toBe(1);
    });
  }

  test("to a version that is not what starts is refused, and the old one serves on", async () => {
    await prism.supervisor.start(memory);

    const failed = prism.supervisor.reload("orders", { version: "v2.0.0" });

    await expect(failed).rejects.toThrow("version v2.0.0 was asked for, but what starts is 1.0.0");
    expect(routedTo()).toBe("orders-1");
    await expect(prism.supervisor.reload("orders", { version: "v1.0.0" })).resolves.toMatchObject({
      to: "1.0.0",
    });
  });

  test("waits for another one of the same namespace, and says so", async () => {
    await prism.supervisor.start(plain);
    const steps: string[] = [];

    const both = await Promise.all([
      prism.supervisor.reload("orders", {}, ({ step }) => steps.push(`first ${step}`)),
      prism.supervisor.reload("orders", {}, ({ step }) => steps.push(`second ${step}`)),
    ]);

    expect(both.length).toBe(2);
    expect(steps[0]).toBe("second queued");
    expect(steps.indexOf("second launch")).toBeGreaterThan(steps.indexOf("first shutdown"));
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-3", state: "ready" }]);
  });

  test("goes on where the old one falls meanwhile: nobody serves until the new one does", async () => {
    await prism.supervisor.start(await changeable("answers-slowly.js"));
    const [old = 0] = pids();

    await prism.supervisor.reload("orders", {}, ({ step }) => {
      if (step === "launch") process.kill(old, "SIGKILL");
    });

    expect(routedTo()).toBe("orders-2");
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-2", state: "ready" }]);
  });

  test("whose new one falls before every proxy knows it goes back to the old one", async () => {
    await prism.supervisor.start(plain);
    prism.routes.onPoint = async (route) => {
      if (route?.instance?.id !== "orders-2") return;
      process.kill(pids()[1] ?? 0, "SIGKILL");
      await prism.until(() => prism.supervisor.instances()[1]?.state === "failed");
    };

    const failed = prism.supervisor.reload("orders");

    await expect(failed).rejects.toThrow("was killed by SIGKILL");
    expect(routedTo()).toBe("orders-1");
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-1", state: "ready" }]);
    expect(prism.status.ready).toBe(true);
  });

  test("whose new one falls while the old one drains starts another at once, and drains on", async () => {
    await prism.supervisor.start(plain);
    prism.routes.onDrain = async () => {
      process.kill(pids()[1] ?? 0, "SIGKILL");
      await prism.until(() => routedTo() === "orders-3" && prism.status.ready);
    };

    await prism.supervisor.reload("orders");

    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-3", state: "ready", restarts: 1 }]);
  });

  test("of a namespace that nobody serves starts it at once, whatever its back-off", async () => {
    const restart = { backoffMs: 60_000, maxBackoffMs: 60_000, loop: { falls: 2, withinMs: 60_000 } };
    await prism.supervisor.start(await changeable("exits-at-once.js", { plugin: { restart } }));
    await become("answers-slowly.js");

    const reloaded = await prism.supervisor.reload("orders");

    expect(reloaded.ledger).toEqual({ started: 0, completed: 0, failed: 0, cut: 0, lost: 0 });
    expect(prism.status).toMatchObject({ ready: true, reason: "" });
  });

  test("of an attached plugin initializes it anew behind the same socket, and does not end it", async () => {
    const plugin = await prism.startByHand(builtIn("memory"));
    await prism.supervisor.start(
      namespaceOn("", { plugin: { code: { kind: "attached", socket: plugin.socket } } }),
    );

    await prism.supervisor.reload("orders");

    expect(prism.routes.current?.instance).toMatchObject({ id: "orders-2", socket: plugin.socket });
    expect(prism.supervisor.instances()).toMatchObject([
      { id: "orders-2", state: "ready", health: "HEALTHY" },
    ]);
    expect(isAlive(plugin.pid)).toBe(true);
  });
});

describe("another declaration", () => {
  test("that differs in the deadline is taken at once: the same instance serves by the new deadline", async () => {
    await prism.supervisor.start(plain);

    const kind = await prism.supervisor.apply({ ...plain, deadlineMs: 250 });

    expect(kind).toBe("live");
    expect(prism.routes.current).toMatchObject({ instance: { id: "orders-1" }, deadlineMs: 250 });
    expect(prism.status.namespace.deadlineMs).toBe(250);
  });

  test("that differs in how the plugin is watched is taken at once", async () => {
    const health = { intervalMs: 60_000, timeoutMs: 100, unhealthyAfter: 1 };
    await prism.supervisor.start(namespaceOn("answers-slowly.js", { plugin: { health } }));

    const kind = await prism.supervisor.apply(
      namespaceOn("answers-slowly.js", { plugin: { health: { ...health, intervalMs: 10 } } }),
    );
    process.kill(pids()[0] ?? 0, "SIGSTOP");

    expect(kind).toBe("live");
    await prism.until(() => routedTo() === "orders-2");
  });

  test("that differs in the config is a reload", async () => {
    await prism.supervisor.start(memory);

    const kind = await prism.supervisor.apply({ ...memory, config: { max_bytes: "1MiB" } });

    expect(kind).toBe("reload");
    expect(routedTo()).toBe("orders-2");
    expect(prism.routes.drained).toMatchObject([{ instance: "orders-1" }]);
    expect(prism.status.namespace.config).toEqual({ max_bytes: "1MiB" });
  });

  test("that the plugin refuses changes nothing, and its sentence is told", async () => {
    await prism.supervisor.start(memory);

    const failed = prism.supervisor.apply({ ...memory, config: { max_bites: 1 } });

    await expect(failed).rejects.toThrow(/refused to serve it: .*max_bites/);
    expect(routedTo()).toBe("orders-1");
    expect(prism.status).toMatchObject({ ready: true, namespace: { config: {} } });
  });

  test("of a namespace that nobody serves is started like a new one", async () => {
    await prism.supervisor.start({ ...memory, config: { max_bites: 1 } });
    expect(prism.status.ready).toBe(false);

    const kind = await prism.supervisor.apply(memory);

    expect(kind).toBe("reload");
    expect(prism.status).toMatchObject({ ready: true, namespace: { config: {} } });
  });

  test("that says the same again changes nothing", async () => {
    await prism.supervisor.start(plain);
    const before = prism.routes.points.length;

    const kind = await prism.supervisor.apply({ ...plain, config: {} });

    expect(kind).toBe("unchanged");
    expect(prism.routes.points.length).toBe(before);
  });
});
