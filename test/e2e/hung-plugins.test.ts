import { afterEach, expect, test } from "vitest";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { StockClient } from "../support/stock-client.js";

const fixtures = new URL("../fixtures/plugins/", import.meta.url).pathname;

let prism: RunningPrism | undefined;
let client: StockClient | undefined;
afterEach(async () => {
  client?.close();
  await prism?.stop();
});

test("a plugin in an endless loop is found hung, with the evidence, and another process takes its place", async () => {
  const command = JSON.stringify([process.execPath, `${fixtures}loops-forever.js`]);
  const keys =
    "health: { interval_ms: 200, timeout_ms: 200, unhealthy_after: 2 }, restart: { backoff_ms: 50 }";
  const plugin = `{ type: sidecar, command: ${command}, ${keys} }`;
  const running = (prism = await servePrism({
    yaml: `namespaces: [{ name: watched, backend: custom, plugin: ${plugin} }]\n`,
  }));
  client = new StockClient(running.address);

  const code = await client
    .get("k", { namespace: "watched", deadlineMs: 20_000 })
    .catch((reason: unknown) => (reason as { code: number }).code);
  await until(
    "another instance to serve",
    () => (running.output().match(/"namespace":"watched".*serves/g) ?? []).length > 1,
  );

  // The call that hung it ends with it, long before its own deadline.
  expect(code).toBe(14);
  expect(running.output()).toContain("hangs and is replaced");
  expect(running.output()).toContain("missed 2 health checks in a row");
});
