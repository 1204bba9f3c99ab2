import { join } from "node:path";
import { expect, test } from "vitest";
import { operatorToken } from "../support/operator-token.js";
import { until } from "../support/running-prism.js";
import { fixture } from "./control-plane/supervised.js";
import { type RunningRuntime, startForTest } from "./running-runtime.js";

const health = "health: { interval_ms: 100, timeout_ms: 5s }";

/** How many long turns the plugins of a namespace are told to have taken; undefined where none are told. */
async function longTurns({ admin }: RunningRuntime, namespace: string): Promise<number | undefined> {
  const page = await (await fetch(`http://${admin}/metrics`)).text();
  const labels = `process="plugin",namespace="${namespace}"`;
  const line = page
    .split("\n")
    .find((each) => each.startsWith(`prism_event_loop_long_turns_total{${labels}} `));
  return line === undefined ? undefined : Number(line.split(" ")[1]);
}

test.each(["sidecar", "in_process"])(
  "metrics tell how the event loop of a plugin's %s fares, and go on counting after a reload",
  async (type) => {
    const plugin = `{ type: ${type}, library: "${fixture("computes-long.js")}", ${health} }`;
    const running = await startForTest({
      yaml: `namespaces: [{ name: orders, backend: computer, plugin: ${plugin} }]`,
    });

    const before = (await longTurns(running, "orders")) ?? 0;
    await compute(running);
    await until("its long turn", async () => ((await longTurns(running, "orders")) ?? 0) > before);
    const told = (await longTurns(running, "orders")) ?? 0;
    await reload(running);

    expect(await longTurns(running, "orders")).toBeGreaterThanOrEqual(told);
  },
);

test("of a plugin without the SDK, which does not tell, no event loop is told", async () => {
  const command = JSON.stringify([process.execPath, fixture("answers-slowly.js")]);
  const running = await startForTest({
    yaml: `namespaces: [{ name: orders, backend: any, plugin: { command: ${command} } }]`,
  });

  expect(await longTurns(running, "orders")).toBeUndefined();
});

async function compute({ address }: RunningRuntime): Promise<void> {
  const answer = await post(`http://${address}/v1/namespaces/orders/compute`, { rawParams: "" });
  expect(answer.status).toBe(200);
}

async function reload({ admin, directory }: RunningRuntime): Promise<void> {
  const token = await operatorToken(join(directory, "state"));
  const answer = await post(`http://${admin}/admin/plugin/reload`, { namespace: "orders" }, token);
  expect(answer.status).toBe(200);
}

function post(url: string, body: object, more: Record<string, string> = {}): Promise<Response> {
  const headers = { "content-type": "application/json", ...more };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}
