import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printed, stepsOf, substitute, type Substitutes } from "../support/documented-steps.js";
import { type RunningPrism, servePrism } from "../support/running-prism.js";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url).pathname;
const program = new URL("../fixtures/plugins/describes-its-service.js", import.meta.url).pathname;
const steps = stepsOf(await readFile(new URL("../../docs/clients.md", import.meta.url), "utf8"));
const buf = ["buf", "curl", "--http2-prior-knowledge", "--protocol", "grpc"];
const ofBilling = ["--header", "prism-namespace: billing", "--reflect-header", "*"];

let prism: RunningPrism;
let billing: RunningPrism;
let substitutes: Substitutes;
beforeAll(async () => {
  const plugin = `{ command: [node, ${JSON.stringify(program)}] }`;
  [prism, billing] = await Promise.all([
    servePrism(),
    servePrism({ yaml: `namespaces: [{ name: billing, backend: invoices, plugin: ${plugin} }]\n` }),
  ]);
  substitutes = [["127.0.0.1:50051", prism.address]];
});
afterAll(async () => {
  await prism.stop();
  await billing.stop();
});

describe("docs/clients.md", () => {
  for (const step of steps) {
    test(`goes as it says: ${step.commands.trim().split("\n").at(-1) ?? ""}`, async () => {
      const { stdout } = await run("bash", ["-e", "-c", substitute(step.commands, substitutes)], {
        cwd: root,
      });

      expect(stdout).toMatch(printed(step.printed, substitutes));
    });
  }
});

test("examples/stock-client.js says in a sentence that nobody answers", async () => {
  const asked = run(process.execPath, ["examples/stock-client.js", "127.0.0.1:1"], { cwd: root });

  await expect(asked).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^127\.0\.0\.1:1: No connection established[^\n]*\n$/) as string,
  });
});

describe("a service of a plugin's own, by reflection alone", () => {
  test("is listed for those who name its namespace, and for nobody else", async () => {
    const list = ["--list-services", `http://${billing.address}`];

    const named = await run("npx", [...buf, ...ofBilling, ...list], { cwd: root });
    const unnamed = await run("npx", [...buf, ...list], { cwd: root });

    expect(named.stdout).toContain("acme.billing.v1.Invoices\n");
    expect(unnamed.stdout).toContain("prism.keyvalue.v1.KeyValue\n");
    expect(unnamed.stdout).not.toContain("acme");
  });

  test("is called as the plugin describes it", async () => {
    const pay = ["--data", '{"invoice":"I-1"}', `http://${billing.address}/acme.billing.v1.Invoices/Pay`];

    const { stdout } = await run("npx", [...buf, ...ofBilling, ...pay], { cwd: root });

    expect(JSON.parse(stdout)).toEqual({ receipt: "R-1" });
  });
});
