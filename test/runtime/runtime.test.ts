import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../src/protocol/gen/grpc/health/v1/health_pb.js";
import { loadConfig, startRuntime, type StartProgress } from "../../src/runtime/index.js";
import { temporaryDirectory } from "../support/temporary.js";
import { StockClient } from "../support/stock-client.js";
import { fixture } from "./control-plane/supervised.js";
import { inMemory, startForTest } from "./running-runtime.js";

describe("the runtime", () => {
  test("tells its start step by step, and is ready at its end", async () => {
    const told: StartProgress[] = [];

    const { status } = await startForTest({
      yaml: inMemory("orders"),
      onProgress: (step) => told.push(step),
    });

    expect(told.map(({ step }) => step)).toEqual(["listening", "proxies", "namespace", "namespace"]);
    expect(told.at(-1)).toEqual({ step: "namespace", name: "orders", state: "ready", reason: "" });
    expect(await status()).toMatchObject({ ready: true, problems: [], pid: process.pid });
  });

  for (const proxies of [0, 2]) {
    test(`serves calls, with ${proxies} data-plane processes`, async () => {
      const { client, status } = await startForTest({ proxies });

      await client.set("key", "value", { namespace: "orders" });

      expect(await client.get("key", { namespace: "orders" })).toBe("value");
      expect(await client.get("key", { namespace: "carts" })).toBeUndefined();
      expect((await status()).proxies).toHaveLength(Math.max(1, proxies));
    });
  }

  test("serves the others where one namespace does not start, and says which and why", async () => {
    const broken = "  - { name: broken, backend: x, plugin: { command: [node, -e, process.exit(3)] } }\n";

    const { client, admin, status } = await startForTest({ yaml: inMemory("orders") + broken });

    await client.set("key", "value", { namespace: "orders" });
    const { ready, namespaces } = await status();
    const readiness = await fetch(`http://${admin}/readyz`);
    expect(ready).toBe(false);
    expect(namespaces.find(({ name }) => name === "broken")?.reason).toContain("exited with code 3");
    expect(readiness.status).toBe(200);
    expect(await readiness.json()).toEqual({
      ready: true,
      unready: { broken: expect.any(String) as string },
      unhealthy: {},
    });
  });

  test("tells of a namespace whose backend is away, by every door, and stays ready itself", async () => {
    const ill = `  - name: ill
    backend: x
    plugin: { command: [node, ${JSON.stringify(fixture("says-it-is-unhealthy.js"))}] }
`;

    const { client, admin, status } = await startForTest({ yaml: inMemory("orders") + ill });

    const readiness = await fetch(`http://${admin}/readyz`);
    const { namespaces } = await status();
    const of = (service: string) => client.unary(Health.method.check, { service }, { namespace: "" });
    const reason = "the plugin says it is UNHEALTHY: the warehouse does not answer";
    expect(readiness.status).toBe(200);
    expect(await readiness.json()).toEqual({ ready: true, unready: {}, unhealthy: { ill: reason } });
    expect(namespaces[0]).toMatchObject({ name: "ill", ready: true, health: "UNHEALTHY", reason });
    expect(await of("ill")).toMatchObject({ status: Status.NOT_SERVING });
    expect(await of("orders")).toMatchObject({ status: Status.SERVING });
    expect(await of("")).toMatchObject({ status: Status.SERVING });
  });

  test("that cannot have its port undoes its start: the directory and the other port are free", async () => {
    const directory = await temporaryDirectory();
    const squatter = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void squatter.close());
    await once(squatter, "listening");
    const taken = squatter.address();
    const port = typeof taken === "object" && taken !== null ? taken.port : 0;
    const load = () =>
      loadConfig({
        env: {},
        cwd: directory,
        overrides: { listen: [`127.0.0.1:${port}`], admin: "127.0.0.1:0", proxies: 0 },
      });

    await expect(startRuntime(await load())).rejects.toThrow(
      `server.listen: cannot listen on 127.0.0.1:${port}`,
    );
    squatter.close();
    const runtime = await startRuntime({ ...(await load()), namespaces: [] });
    await runtime.stop();
  });

  test("whose start is interrupted undoes it", async () => {
    const directory = await temporaryDirectory();
    const interrupt = new AbortController();
    const hangs = "namespaces: [{ name: a, backend: x, plugin: { command: [sleep, '60'] } }]\n";

    const started = startForTest({
      directory,
      yaml: hangs,
      signal: interrupt.signal,
      onProgress: ({ step }) => step === "namespace" && interrupt.abort(),
    });

    await expect(started).rejects.toThrow("interrupted");
    await startForTest({ directory });
  });

  for (const proxies of [0, 1]) {
    test(`finishes calls that run when it is stopped, with ${proxies} data-plane processes`, async () => {
      const slow = `namespaces:
  - name: orders
    backend: slow
    plugin: { command: [node, ${JSON.stringify(fixture("answers-slowly.js"))}], env: { ANSWER_AFTER_MS: "500" } }
`;
      const { runtime, client, admin, until } = await startForTest({ yaml: slow, proxies });
      const call = client.get("key", { namespace: "orders" });
      await until((now) => now.proxies[0]?.inFlight === 1);

      const stopped = runtime.stop();
      const readiness = await fetch(`http://${admin}/readyz`);

      expect(readiness.status).toBe(503);
      await expect(call).resolves.toBeUndefined();
      await stopped;
    });
  }

  for (const proxies of [0, 1]) {
    test(`serves on a Unix socket, with ${proxies} data-plane processes`, async () => {
      const path = join(await temporaryDirectory(), "prism.sock");
      await startForTest({ yaml: inMemory("orders"), proxies, listen: `unix:${path}` });
      const client = new StockClient(`unix:${path}`);
      onTestFinished(() => client.close());

      await client.set("key", "value", { namespace: "orders" });

      expect(await client.get("key", { namespace: "orders" })).toBe("value");
    });
  }

  test("can be stopped twice, and then nobody listens", async () => {
    const { runtime, admin, address } = await startForTest();

    await Promise.all([runtime.stop(), runtime.stop()]);

    await expect(fetch(`http://${admin}/healthz`)).rejects.toThrow();
    await expect(fetch(`http://${address}/v1/namespaces/orders/kv/a`)).rejects.toThrow();
  });
});

describe("a data-plane process", () => {
  test("that is killed is replaced, calls work again, and no figure goes down", async () => {
    const { client, status, until, admin } = await startForTest({ proxies: 1, yaml: inMemory("orders") });
    for (let call = 0; call < 10; call++) await client.set("key", "value", { namespace: "orders" });
    const { proxies } = await status();

    process.kill(proxies[0]?.pid ?? 0, "SIGKILL");
    await until((now) => now.proxies[0]?.restarts === 1 && now.proxies[0].generation > 0);
    await client.set("key", "value", { namespace: "orders" });

    const page = await (await fetch(`http://${admin}/metrics`)).text();
    expect(page).toContain('prism_calls_total{namespace="orders",operation="set",code="OK"} 11');
    expect(page).toContain("prism_proxy_restarts_total 1");
    for (const kind of ["runtime", "proxy"])
      expect(page).toMatch(new RegExp(`^prism_event_loop_delay_seconds_count{process="${kind}"} [1-9]`, "m"));
  });

  test("is no condition for a connection: one that comes while none lives is served by the next", async () => {
    const { status, until, address } = await startForTest({ proxies: 1, yaml: inMemory("orders") });
    const { proxies } = await status();

    const pid = proxies[0]?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    await until((now) => now.proxies[0]?.pid !== pid);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        fetch(`http://${address}/v1/namespaces/orders/kv/a`, { headers: { connection: "close" } }),
      ),
    );

    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(404));
  });
});

describe("the served file", () => {
  test("is followed: namespaces come, change and go with it", async () => {
    const { edit, until, client } = await startForTest({ yaml: inMemory("orders", "carts") });

    await edit(inMemory("orders, deadline_ms: 5s", "users"));
    const { namespaces } = await until(
      (now) => now.ready && now.namespaces.some(({ name }) => name === "users"),
    );

    expect(namespaces.map(({ name }) => name)).toEqual(["orders", "users"]);
    expect(namespaces[0]?.yaml).toContain("deadline_ms: 5000");
    await client.set("key", "value", { namespace: "users" });
    await expect(client.get("key", { namespace: "carts" })).rejects.toMatchObject({ code: 5 });
  });

  test("that becomes bad changes nothing and is told; put right, it is taken", async () => {
    const { edit, until, client } = await startForTest({ yaml: inMemory("orders") });

    await edit("namespaces: [{ name: orders, backend: nothing }]\n");
    const bad = await until(({ problems }) => problems.length > 0);
    await client.set("key", "value", { namespace: "orders" });
    await edit(inMemory("orders", "carts"));
    const good = await until(({ problems }) => problems.length === 0);

    expect(bad.problems.join()).toMatch(/prism\.yaml:\d+:\d+ .*"nothing"/);
    expect(good.namespaces).toHaveLength(2);
    expect(await client.get("key", { namespace: "orders" })).toBe("value");
  });

  test.each([
    ["emptied", ""],
    ["left with a comment only", "# nothing\n"],
    ["left without its namespaces", "server: { proxies: 1 }\n"],
    ["left with namespaces: and nothing behind it", "namespaces:\n"],
  ])("that is %s ends nothing: that is told, with how to say it on purpose", async (_, text) => {
    const { file, until, client } = await startForTest({ yaml: inMemory("orders") });
    await client.set("key", "value", { namespace: "orders" });

    await writeFile(file, text);
    const { problems, namespaces } = await until((now) => now.problems.length > 0);

    expect(problems.join()).toContain("`namespaces: []`");
    expect(namespaces.map(({ name }) => name)).toEqual(["orders"]);
    expect(await client.get("key", { namespace: "orders" })).toBe("value");
  });

  test("that says `namespaces: []` ends all of them", async () => {
    const { edit, until } = await startForTest({ yaml: inMemory("orders") });

    await edit("namespaces: []\n");

    const { problems } = await until(({ namespaces }) => namespaces.length === 0);
    expect(problems).toEqual([]);
  });

  test("whose server keys are edited says that they need a restart", async () => {
    const { file, until } = await startForTest({ yaml: inMemory("orders") });

    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("drain_ms: 5s", "drain_ms: 6s"));
    const { problems } = await until((now) => now.problems.length > 0);

    expect(problems).toEqual([
      "server.drain_ms is edited: it needs a restart, until then the old value stands",
    ]);
  });

  test("whose changed namespace does not start keeps the old one serving, and tells why", async () => {
    const { edit, until, client } = await startForTest({ yaml: inMemory("orders") });
    await client.set("key", "value", { namespace: "orders" });

    await edit(
      "namespaces: [{ name: orders, backend: x, plugin: { command: [node, -e, process.exit(3)] } }]\n",
    );
    const { problems, ready, namespaces } = await until((now) => now.problems.length > 0);

    expect(problems.join()).toContain('namespace "orders" serves on as it was');
    expect(namespaces).toMatchObject([{ backend: "memory", ready: true, problem: problems[0] }]);
    expect(namespaces[0]?.yaml).toContain("backend: memory");
    expect(ready).toBe(true);
    expect(await client.get("key", { namespace: "orders" })).toBe("value");
  });
});
