import { afterEach, describe, expect, test } from "vitest";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

const fixtures = new URL("../fixtures/plugins/", import.meta.url).pathname;

let prism: RunningPrism | undefined;
let client: StockClient | undefined;
afterEach(async () => {
  client?.close();
  await prism?.stop();
});

/** Serves one good namespace beside one whose plugin has a fault. */
async function serveBeside(fault: string, more = ""): Promise<RunningPrism> {
  const command = JSON.stringify([process.execPath, `${fixtures}${fault}`]);
  const restart = "restart: { backoff_ms: 50, max_backoff_ms: 200 }";
  prism = await servePrism({
    unready: true,
    yaml: `namespaces:
  - { name: good, backend: memory }
  - name: faulty
    backend: custom
    plugin: { type: sidecar, command: ${command}, start_timeout_ms: 1500, ${restart}${more} }
`,
  });
  client = new StockClient(prism.address);
  const { admin } = prism;
  await until("the good namespace to serve", async () => {
    await fetch(`http://${admin}/healthz`);
    return client?.set("k", "v", { namespace: "good", deadlineMs: 500 }).then(() => true) ?? false;
  });
  return prism;
}

describe("a plugin with a fault harms only its own namespace", () => {
  const refusedAtStart = [
    ["never-shakes-hands.js", /handshake|shake hands/],
    ["shakes-wrongly.js", /handshake|shook|shake/],
    ["wrong-protocol-version.js", /version/],
    ["exits-at-once.js", /exited/],
    ["hangs-in-initialize.js", /Initialize/],
    ["refuses-initialize.js", /./],
  ] as const;
  for (const [fault, sentence] of refusedAtStart) {
    test(`${fault.replace(".js", "").replaceAll("-", " ")}: calls are UNAVAILABLE and the log says why`, async () => {
      const running = await serveBeside(fault);
      await until(
        "the fault to be told",
        () => sentence.test(running.output()) && running.output().includes("faulty"),
      );

      const failed = client?.get("k", { namespace: "faulty" });

      await expect(failed).rejects.toMatchObject({ code: 14 });
      expect(await client?.get("k", { namespace: "good" })).toBe("v");
    });
  }

  test("answers garbage: INTERNAL, and the next call to the good one is answered", async () => {
    await serveBeside("answers-garbage.js");
    await until("the faulty one to be routed", async () => (await codeOf("faulty")) !== 14);

    expect(await codeOf("faulty")).toBe(13);
    expect(await client?.get("k", { namespace: "good" })).toBe("v");
  });

  test("dies in the middle of a call: that call is UNAVAILABLE, and it is started again", async () => {
    const running = await serveBeside("dies-mid-call.js");
    await until("it to be ready", () => /"namespace":"faulty".*serves/.test(running.output()));

    const code = await codeOf("faulty");
    await until(
      "it to be started again",
      () => (running.output().match(/"namespace":"faulty".*serves/g) ?? []).length > 1,
    );

    expect(code).toBe(14);
    expect(await client?.get("k", { namespace: "good" })).toBe("v");
  });

  test("answers slowly: the caller's deadline ends the call", async () => {
    await serveBeside("answers-slowly.js");
    await until("the faulty one to be routed", async () => (await codeOf("faulty", 200)) !== 14);

    expect(await codeOf("faulty", 200)).toBe(4);
    expect(await client?.get("k", { namespace: "good" })).toBe("v");
  });

  test("neglects its health: it is left alone while it answers calls, and replaced once nothing comes of it", async () => {
    const health = "health: { interval_ms: 500, timeout_ms: 100, unhealthy_after: 3 }";
    const running = await serveBeside("neglects-its-health.js", `, ${health}`);
    await until("the faulty one to be routed", async () => (await codeOf("faulty")) !== 14);

    await until("its health to be asked many times, while it answers calls", async () => {
      await codeOf("faulty");
      return running.output().includes("health check 8");
    });
    const whileBusy = running.output();
    await until("it to be replaced", () => running.output().includes("hangs and is replaced"));

    expect(whileBusy).not.toContain("hangs and is replaced");
    expect(await client?.get("k", { namespace: "good" })).toBe("v");
  });

  test("floods stdout: its lines are dropped and counted, and others are served", async () => {
    const running = await serveBeside("floods-stdout.js");

    await until("the flood to be told", () => /dropped/.test(running.output()));

    expect(await client?.get("k", { namespace: "good" })).toBe("v");
  });
});

async function codeOf(namespace: string, deadlineMs = 2_000): Promise<number> {
  const failed = client?.get("k", { namespace, deadlineMs }).then(
    () => 0,
    (error: unknown) => (error as { code: number }).code,
  );
  return (await failed) ?? -1;
}
