import { mkdir, readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PrismError } from "../../../../src/protocol/index.js";
import { until } from "../../../support/running-prism.js";
import { builtIn, children, isAlive, ManualClock, namespaceOn, Supervised } from "../supervised.js";

let prism: Supervised;
beforeEach(async () => {
  prism = await Supervised.begin();
});
afterEach(() => prism.end());

const memory = { kind: "module", file: builtIn("memory") } as const;
/** Restarts that do not come while the test looks. */
const later = { backoffMs: 60_000, maxBackoffMs: 60_000, loop: { falls: 100, withinMs: 60_000 } };
/** Health checks in quick succession. */
const watchful = { intervalMs: 20, timeoutMs: 200, unhealthyAfter: 2 };

/** Where calls went in turn: instances, and sentences while nobody served. */
function history(): (string | undefined)[] {
  return prism.routes.points.map((route) => route?.instance?.id ?? route?.reason);
}

function pidOf(id: string): number {
  return prism.supervisor.instances().find((instance) => instance.id === id)?.pid ?? 0;
}

describe("a namespace is served by its plugin", () => {
  test("as a sidecar: a process of its own behind a socket, and a route to it", async () => {
    const namespace = namespaceOn("", { backend: "memory", deadlineMs: 700, plugin: { code: memory } });

    await prism.supervisor.start(namespace);

    expect(prism.status).toMatchObject({ ready: true, reason: "" });
    expect(prism.supervisor.instances()).toMatchObject([
      { id: "orders-1", plugin: "memory", state: "ready", version: "1.0.0", health: "HEALTHY", restarts: 0 },
    ]);
    expect(prism.routes.current).toMatchObject({ instance: { id: "orders-1" }, deadlineMs: 700 });
    expect(prism.routes.current?.operations).toContainEqual({
      name: "get",
      pattern: "keyvalue",
      idempotent: true,
    });
    expect(prism.status.operations).toEqual(prism.routes.current?.operations.map(({ name }) => name));
  });

  test("in_process: in a worker thread behind a socket, without a process of its own", async () => {
    await prism.supervisor.start(namespaceOn("", { plugin: { channel: "in_process", code: memory } }));

    expect(prism.supervisor.instances()).toMatchObject([{ state: "ready", channel: "in_process", pid: 0 }]);
    expect(prism.routes.current?.instance?.socket).toContain(prism.directory);
  });

  test("and by none before it is ready: callers are told that it is being started", async () => {
    const starting = prism.supervisor.start(namespaceOn("answers-slowly.js"));

    expect(prism.routes.current?.reason).toBe("its plugin is being started");
    await prism.until(() => prism.supervisor.instances()[0]?.state === "starting");
    await starting;
  });

  test("until the supervisor is stopped, and then no process and no socket is left", async () => {
    await prism.supervisor.start(namespaceOn("ignores-sigterm.js"));
    await prism.supervisor.start(namespaceOn("answers-slowly.js", { name: "carts" }));

    await prism.supervisor.stop(500);

    expect(children().filter((command) => command.includes("fixtures"))).toEqual([]);
    expect(await readdir(prism.directory)).toEqual([]);
  });
});

describe("a plugin that does not start", () => {
  const faults = [
    ["never-shakes-hands.js", /did not shake hands in time.*it writes one line "prism\|1\|unix\|/],
    ["shakes-wrongly.js", /shook hands with "prism\|1\|carrier-pigeon\|loft-7": write one line/],
    ["wrong-protocol-version.js", /version "999".*this Prism speaks version "1": use a release/],
    ["exits-at-once.js", /exited with code 3 before it shook hands.*the licence file is missing/],
    ["hangs-in-initialize.js", /did not answer Initialize in time/],
    ["refuses-initialize.js", /refused to serve it: the warehouse is closed on Sundays/],
    ["declares-too-much.js", /declares 300000 operations, and at most 1024 are taken/],
    ["garbles-initialize.js", /answered Initialize with bytes that are no prism\.plugin\.InitializeResponse/],
    ["forges-its-proof.js", /fails to prove that it holds the token/],
    ["speaks-no-http2.js", /Initialize/],
    ["dies-in-initialize.js", /was killed by SIGKILL before it was ready.*the index is broken/],
  ] as const;
  for (const [program, sentence] of faults) {
    test(`${program.replace(".js", "").replaceAll("-", " ")}: the operator reads why, others are served, nothing is left running`, async () => {
      const faulty = namespaceOn(program, {
        name: "faulty",
        plugin: { startTimeoutMs: 1_000, restart: later },
      });

      await Promise.all([
        prism.supervisor.start(faulty),
        prism.supervisor.start(namespaceOn("answers-slowly.js")),
      ]);

      const [broken, good] = prism.supervisor.namespaces();
      expect(broken).toMatchObject({ ready: false, reason: expect.stringMatching(sentence) as string });
      expect(good).toMatchObject({ ready: true });
      expect(prism.supervisor.instances()[0]).toMatchObject({ namespace: "faulty", state: "failed" });
      const warned = prism.log.lines.find(({ level }) => level === "warn");
      expect(warned?.fields).toMatchObject({ reason: expect.stringMatching(sentence) as string });
      expect(children().filter((command) => command.includes(program))).toEqual([]);
    });
  }

  test("because its command is not there is told with the remedy", async () => {
    const code = { kind: "command", command: ["no-such-command"], cwd: "/" } as const;

    await prism.supervisor.start(namespaceOn("", { plugin: { code, restart: later } }));

    expect(prism.status.reason).toContain('there is no command "no-such-command": install it');
  });

  test("because a secret does not resolve says which", async () => {
    await prism.end();
    const failing = new PrismError("invalidConfig", 'no secret "pw": set PRISM_SECRET_PW');
    prism = await Supervised.begin({ secrets: () => Promise.reject(failing) });

    await prism.supervisor.start(namespaceOn("answers-slowly.js", { plugin: { restart: later } }));

    expect(prism.status.reason).toContain('no secret "pw": set PRISM_SECRET_PW');
  });

  test("is tried again by the policy, and serves when it can", async () => {
    const cwd = `${prism.directory}/not-there-yet`;
    const { plugin } = namespaceOn("answers-slowly.js");
    const code = plugin.code.kind === "command" ? { ...plugin.code, cwd } : plugin.code;

    await prism.supervisor.start(namespaceOn("", { plugin: { code } }));
    expect(prism.status).toMatchObject({
      ready: false,
      reason: expect.stringContaining("not there") as string,
    });
    await mkdir(cwd);
    await prism.until(() => prism.status.ready);

    expect(prism.supervisor.instances()).toMatchObject([{ state: "ready" }]);
  });

  test("falls into a crash loop, which is reported and not hammered", async () => {
    const restart = { backoffMs: 1, maxBackoffMs: 60_000, loop: { falls: 3, withinMs: 60_000 } };

    await prism.supervisor.start(namespaceOn("exits-at-once.js", { plugin: { restart } }));
    await prism.until(() => prism.status.outlook.includes("crash loop"));

    expect(prism.status.outlook).toContain("a crash loop (3 falls within 60 s): it is tried again in 60 s");
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-3", state: "failed", restarts: 2 }]);
  });
});

describe("a plugin that falls", () => {
  test("is out of the route at once, and started again", async () => {
    await prism.supervisor.start(namespaceOn("answers-slowly.js"));
    const first = pidOf("orders-1");

    process.kill(first, "SIGKILL");
    await prism.until(() =>
      prism.supervisor.instances().some(({ id, state }) => id === "orders-2" && state === "ready"),
    );

    expect(history().slice(1)).toEqual(["orders-1", expect.stringContaining("its plugin fell"), "orders-2"]);
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-2", restarts: 1 }]);
    expect(prism.log.text).toContain("was killed by SIGKILL");
    expect(prism.routes.drained).toMatchObject([{ instance: "orders-1" }]);
  });

  test("takes the processes it started with it", async () => {
    await prism.supervisor.start(namespaceOn("forks-a-child.js", { plugin: { restart: later } }));
    const forked = Number(/forked a child: (\d+)/.exec(prism.log.text)?.[1]);
    expect(isAlive(forked)).toBe(true);

    process.kill(pidOf("orders-1"), "SIGKILL");

    await until("the forked child to end", () => !isAlive(forked));
  });

  test("as a worker thread is started again like any other", async () => {
    const code = { kind: "module", file: await prism.write("falls.mjs", fallsInAWhile) } as const;

    await prism.supervisor.start(namespaceOn("", { plugin: { channel: "in_process", code } }));
    await prism.until(() => prism.supervisor.instances().some(({ id }) => id === "orders-2"));

    expect(prism.log.text).toContain("the plugin fell: out of cheese");
  });

  test("is not looked for again once its namespace is removed", async () => {
    await prism.supervisor.start(namespaceOn("exits-at-once.js"));

    await prism.supervisor.remove("orders");
    const last = prism.log.lines.length;

    expect(prism.supervisor.instances()).toEqual([]);
    expect(prism.routes.current).toBeUndefined();
    expect(prism.log.lines.slice(last)).toEqual([]);
  });
});

describe("a plugin that refuses its configuration", () => {
  const refused = namespaceOn("", {
    config: { max_bites: 1 },
    plugin: { code: memory, channel: "in_process" },
  });
  const mended = { ...refused, config: { max_bytes: 1 } };

  test("is not started again by itself: its state says why, once, and what helps", async () => {
    await prism.end();
    const clock = new ManualClock();
    prism = await Supervised.begin({ clock });

    await prism.supervisor.start(refused);
    clock.pass(3_600_000);

    expect(prism.status).toMatchObject({
      ready: false,
      reason: expect.stringContaining("max_bites") as string,
      outlook: "it is tried again when its declaration changes, or by `prism plugin reload`",
    });
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-1", state: "failed", restarts: 0 }]);
    expect(prism.log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(prism.routes.current?.reason).toBe("its plugin refuses its configuration");
  });

  test("is tried again when its declaration changes", async () => {
    await prism.supervisor.start(refused);

    await prism.supervisor.apply(mended);

    expect(prism.status).toMatchObject({ ready: true, reason: "", outlook: "" });
  });

  test("is tried again by a reload, which says the reason where nothing has changed", async () => {
    await prism.supervisor.start(refused);

    const reloaded = prism.supervisor.reload("orders");

    await expect(reloaded).rejects.toMatchObject({
      kind: "configRefused",
      message: expect.stringContaining("max_bites") as string,
    });
  });
});

describe("a plugin that hangs", () => {
  test("is found by its health checks and replaced: the new one serves before the old one is killed", async () => {
    await prism.supervisor.start(namespaceOn("answers-slowly.js", { plugin: { health: watchful } }));
    const hung = pidOf("orders-1");

    process.kill(hung, "SIGSTOP");
    await prism.until(
      () =>
        prism.supervisor
          .instances()
          .map(({ id }) => id)
          .join() === "orders-2",
    );

    expect(history().slice(1)).toEqual(["orders-1", "orders-2"]);
    expect(prism.routes.drained).toEqual([{ instance: "orders-1", deadlineMs: 0 }]);
    expect(prism.supervisor.instances()).toMatchObject([{ state: "ready", restarts: 1 }]);
    expect(prism.log.text).toContain("missed 2 health checks in a row");
    expect(isAlive(hung)).toBe(false);
  });

  test("and whose replacement does not start is out of the route, and started again", async () => {
    const flag = `${prism.directory}/broken`;
    const code = { kind: "module", file: await prism.write("once.mjs", opensUnlessThereIs(flag)) } as const;
    await prism.supervisor.start(namespaceOn("", { plugin: { code, health: watchful, restart: later } }));
    await prism.write("broken", "");

    process.kill(pidOf("orders-1"), "SIGSTOP");
    await prism.until(() => !prism.status.ready);

    expect(prism.status.reason).toMatch(
      /missed 2 health checks.*what was to replace it failed.*it is broken/,
    );
    await until(
      "the hung one to end",
      () => children().filter((command) => command.includes("once.mjs")).length === 0,
    );
  });
});

describe("a plugin whose backend is away", () => {
  test("says that it is UNHEALTHY, stays in the route, and recovers without a restart", async () => {
    const flag = `${prism.directory}/well`;
    const plugin = { env: { WELL_ONCE_THERE: flag }, health: watchful };

    await prism.supervisor.start(namespaceOn("says-it-is-unhealthy.js", { plugin }));
    expect(prism.status).toMatchObject({
      ready: true,
      health: "UNHEALTHY",
      reason: "the plugin says it is UNHEALTHY: the warehouse does not answer",
    });
    expect(prism.routes.current).toMatchObject({ instance: { id: "orders-1" }, isUnhealthy: true });
    await prism.write("well", "");
    await prism.until(() => prism.supervisor.instances()[0]?.health === "HEALTHY");

    expect(prism.status).toMatchObject({ ready: true, health: "HEALTHY", reason: "" });
    expect(history().slice(1)).toEqual(["orders-1", "orders-1"]);
    expect(prism.routes.current).toMatchObject({ isUnhealthy: false });
  });
});

test("a plugin that a proxy cannot reach is asked at once how it fares", async () => {
  const flag = `${prism.directory}/well`;
  const plugin = { env: { WELL_ONCE_THERE: flag }, health: { ...watchful, intervalMs: 60_000 } };
  await prism.supervisor.start(namespaceOn("says-it-is-unhealthy.js", { plugin }));
  await prism.write("well", "");

  prism.supervisor.noticeUnreachable("orders-1", "connect ECONNREFUSED");

  await prism.until(() => prism.supervisor.instances()[0]?.health === "HEALTHY");
});

describe("what a plugin writes", () => {
  test("stands in the log with its name", async () => {
    await prism.supervisor.start(
      namespaceOn("exits-at-once.js", { backend: "warehouse", plugin: { restart: later } }),
    );

    expect(prism.log.lines).toContainEqual({
      level: "info",
      message: "the licence file is missing",
      fields: { stream: "stderr", plugin: "warehouse", namespace: "orders", instance: "orders-1" },
    });
  });

  test("is bounded: a flood is dropped and counted, and the plugin stays well", async () => {
    await prism.supervisor.start(namespaceOn("floods-stdout.js", { plugin: { health: watchful } }));

    await until("the flood to be told", () => /[1-9]\d{3,} lines dropped/.test(prism.log.text));

    expect(prism.log.lines.length).toBeLessThan(2_000);
    expect(prism.status).toMatchObject({ ready: true, reason: "" });
  });
});

describe("a namespace that is removed", () => {
  test("is out of the route first, drains, and only then ends its plugin", async () => {
    await prism.supervisor.start(namespaceOn("answers-slowly.js"));
    const pid = pidOf("orders-1");
    let wasRouted: unknown = "not drained";
    prism.routes.onDrain = () => {
      wasRouted = prism.routes.current;
      expect(isAlive(pid)).toBe(true);
    };
    prism.routes.ledger = { started: 5, completed: 3, failed: 1, cut: 1, lost: 0 };

    const ledger = await prism.supervisor.remove("orders");

    expect(ledger.cut).toBe(1);
    expect(wasRouted).toBeUndefined();
    expect(prism.routes.drained).toEqual([{ instance: "orders-1", deadlineMs: 5_000 }]);
    expect(isAlive(pid)).toBe(false);
    expect(prism.supervisor.namespaces()).toEqual([]);
  });

  test("ends also a plugin that ignores SIGTERM, after its grace", async () => {
    await prism.supervisor.start(namespaceOn("ignores-sigterm.js"));
    const pid = pidOf("orders-1");

    await prism.supervisor.remove("orders");

    expect(prism.log.text).toContain("SIGTERM came and is ignored");
    expect(isAlive(pid)).toBe(false);
  });

  test("and is not there is an error that names the nearest", async () => {
    await prism.supervisor.start(namespaceOn("answers-slowly.js"));

    const failed = prism.supervisor.remove("order");

    await expect(failed).rejects.toThrow('no namespace "order": did you mean "orders"?');
  });
});

/** A plugin's module that serves, and whose thread throws a moment later. */
const fallsInAWhile = `
import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
import { definePlugin } from ${JSON.stringify(new URL("../../../../dist/sdk/index.js", import.meta.url).href)};
export default definePlugin({
  name: "falls", version: "1.0.0", config: z.object({}),
  open: () => ({ operations: {}, check: () => {
    setTimeout(() => { throw new Error("out of cheese"); }, 1);
    return { status: "HEALTHY" };
  } }),
});`;

function opensUnlessThereIs(flag: string): string {
  return `
import { existsSync } from "node:fs";
import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
import { Code, definePlugin, PluginError } from ${JSON.stringify(new URL("../../../../dist/sdk/index.js", import.meta.url).href)};
export default definePlugin({
  name: "once", version: "1.0.0", config: z.object({}),
  open: () => {
    if (existsSync(${JSON.stringify(flag)})) throw new PluginError(Code.UNAVAILABLE, "it is broken");
    return { operations: {} };
  },
});`;
}
