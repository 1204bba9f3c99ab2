import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import NamespaceApply from "../../src/commands/ns/apply.js";
import NamespaceDelete from "../../src/commands/ns/delete.js";
import NamespaceGet from "../../src/commands/ns/get.js";
import NamespaceList from "../../src/commands/ns/list.js";
import PluginList from "../../src/commands/plugin/list.js";
import PluginReload from "../../src/commands/plugin/reload.js";
import Status from "../../src/commands/status.js";
import { inMemory, type RunningRuntime, startForTest } from "../runtime/running-runtime.js";
import { operatorToken } from "../support/operator-token.js";
import { temporaryDirectory } from "../support/temporary.js";
import { type Ended, runCommand } from "./run-command.js";

afterEach(() => {
  delete process.env["PRISM_ADMIN_TOKEN"];
});

/** Runs every command of an operator, one after the other. */
async function runAll({ admin, directory }: RunningRuntime): Promise<readonly Ended[]> {
  const file = join(directory, "carts.yaml");
  await writeFile(file, inMemory("carts"));
  const at = `--admin=${admin}`;
  return [
    await runCommand(NamespaceApply, "-f", file, "--dry-run", at),
    await runCommand(NamespaceApply, "-f", file, at),
    await runCommand(NamespaceList, at),
    await runCommand(NamespaceGet, "carts", at),
    await runCommand(PluginList, at),
    await runCommand(PluginReload, "carts", at),
    await runCommand(NamespaceDelete, "carts", at),
    await runCommand(Status, at),
  ];
}

describe("the commands of Prism's own user", () => {
  test("find the operators' token by themselves", async () => {
    const ended = await runAll(await startForTest({ yaml: inMemory("orders") }));

    expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(8).fill([0, ""]));
  });

  test("need none where operators are served on a Unix socket", async () => {
    const admin = `unix:${join(await temporaryDirectory(), "admin.sock")}`;

    const ended = await runAll(await startForTest({ yaml: inMemory("orders"), admin }));

    expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(8).fill([0, ""]));
  });
});

describe("PRISM_ADMIN_TOKEN", () => {
  test("is shown where the file of the token is not to be had", async () => {
    const { admin, directory } = await startForTest({ yaml: inMemory("orders") });
    const { "prism-admin-token": token = "" } = await operatorToken(join(directory, "state"));
    process.env["PRISM_ADMIN_TOKEN"] = token;
    await writeFile(join(directory, "state/admin-token"), "");

    const ended = await runCommand(PluginReload, "orders", `--admin=${admin}`);

    expect(ended.exitCode).toBe(0);
  });

  test("that is another Prism's is exit code 1, and says what to send", async () => {
    const { admin } = await startForTest({ yaml: inMemory("orders") });
    process.env["PRISM_ADMIN_TOKEN"] = "nonsense";

    const ended = await runCommand(NamespaceDelete, "orders", `--admin=${admin}`);

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain("a token that is not this Prism's");
  });
});
