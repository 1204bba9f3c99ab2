import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printed, stepsOf, substitute, type Substitutes } from "../support/documented-steps.js";
import { type RunningPrism, servePrism } from "../support/running-prism.js";

const run = promisify(execFile);
const program = new URL("../fixtures/plugins/greets.js", import.meta.url).pathname;
const steps = stepsOf(await readFile(new URL("../../docs/http.md", import.meta.url), "utf8"));

let prism: RunningPrism;
let substitutes: Substitutes;
beforeAll(async () => {
  const greeter = `{ name: greeter, backend: greeter, plugin: { command: [node, ${JSON.stringify(program)}] } }`;
  prism = await servePrism({ yaml: `namespaces: [{ name: default, backend: memory }, ${greeter}]\n` });
  substitutes = [["127.0.0.1:50051", prism.address]];
});
afterAll(() => prism.stop());

describe("docs/http.md", () => {
  for (const { commands, printed: says } of steps) {
    test(`goes as it says: ${commands.trim().split("\n").at(-1) ?? ""}`, async () => {
      const { stdout } = await run("bash", ["-e", "-c", substitute(commands, substitutes)], {
        cwd: prism.directory,
      });

      expect(stdout).toMatch(printed(says, substitutes));
    });
  }
});
