import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { builtIn, isAlive, namespaceOn, Supervised } from "./supervised.js";

let prism: Supervised;
beforeEach(async () => {
  prism = await Supervised.begin();
});
afterEach(() => prism.end());

describe("a namespace is served by its plugin", () => {
  test("as a sidecar: a process of its own behind a socket, and a route to it", async () => {
    const namespace = namespaceOn("", {
      backend: "memory",
      plugin: { code: { kind: "module", file: builtIn("memory") } },
    });

    await prism.supervisor.start(namespace);

    expect(prism.status).toMatchObject({ ready: true, reason: "" });
    expect(prism.supervisor.instances()).toMatchObject([
      { state: "ready", version: "1.0.0", health: "HEALTHY" },
    ]);
    expect(prism.routes.current?.instance?.id).toBe("orders-1");
    expect(prism.routes.current?.operations).toContain("compare_and_set");
  });

  test("in_process: in a worker thread behind a socket, without a process of its own", async () => {
    const code = { kind: "module", file: builtIn("memory") } as const;

    await prism.supervisor.start(namespaceOn("", { plugin: { channel: "in_process", code } }));

    expect(prism.supervisor.instances()).toMatchObject([{ state: "ready", channel: "in_process", pid: 0 }]);
  });
});

describe("a plugin that falls", () => {
  test("is out of the route at once, and started again", async () => {
    await prism.supervisor.start(namespaceOn("answers-slowly.js"));
    const [first] = prism.supervisor.instances();

    process.kill(first?.pid ?? 0, "SIGKILL");
    await prism.until(() =>
      prism.supervisor.instances().some(({ id, state }) => id !== first?.id && state === "ready"),
    );

    const kinds = prism.routes.points.map((route) => route?.instance?.id ?? route?.reason);
    expect(kinds).toEqual([
      expect.stringContaining("is being started"),
      "orders-1",
      expect.stringContaining("fell"),
      "orders-2",
    ]);
    expect(prism.supervisor.instances()).toMatchObject([{ id: "orders-2", restarts: 1 }]);
    expect(prism.log.text).toContain("was killed by SIGKILL");
    expect(isAlive(first?.pid ?? 0)).toBe(false);
  });
});
