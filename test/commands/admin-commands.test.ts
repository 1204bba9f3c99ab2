import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Code } from "../../src/client/index.js";
import NamespaceApply from "../../src/commands/ns/apply.js";
import NamespaceDelete from "../../src/commands/ns/delete.js";
import NamespaceGet from "../../src/commands/ns/get.js";
import NamespaceList from "../../src/commands/ns/list.js";
import PluginList from "../../src/commands/plugin/list.js";
import PluginReload from "../../src/commands/plugin/reload.js";
import Status from "../../src/commands/status.js";
import {
  Admin,
  NamespaceChange_Kind as Kind,
  PluginInstance_State as State,
  ReloadPluginResponse_Step as Step,
} from "../../src/protocol/gen/prism/admin/v1/admin_pb.js";
import { freePort } from "../support/running-prism.js";
import { failure, StockServer } from "../support/stock-server.js";
import { runCommand } from "./run-command.js";

let server: StockServer | undefined;
afterEach(() => server?.stop());

async function admin(serving: StockServer): Promise<string> {
  server = serving;
  return `--admin=${await serving.listen()}`;
}

const orders = {
  name: "orders",
  backend: "postgres",
  channel: "sidecar",
  owner: "applied",
  ready: false,
  health: "",
  reason: "the server is away",
  operations: ["get", "set"],
  yaml: "name: orders\nbackend: postgres\n",
  problem: "",
};

describe("what every command of an operator keeps", () => {
  test("nobody at the admin address is exit code 3, with the remedy", async () => {
    const ended = await runCommand(Status, `--admin=127.0.0.1:${await freePort()}`);

    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toContain("prism serve");
    expect(ended.stdout).toBe("");
  });

  test.each(["nonsense", "localhost:", ":50052", "127.0.0.1:65536", "unix:"])(
    "%s is no admin address: exit code 2, and what one looks like",
    async (nonsense) => {
      const ended = await runCommand(Status, `--admin=${nonsense}`);

      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain(`"${nonsense}" is no address: write host:port`);
    },
  );

  test("a refusal is exit code 1 and the runtime's own sentence", async () => {
    const refusing = new StockServer().unary(Admin.method.getNamespace, () => {
      throw failure(Code.NOT_FOUND, 'no namespace "ordres": did you mean "orders"?', {
        reason: "UNKNOWN_NAMESPACE",
      });
    });

    const ended = await runCommand(NamespaceGet, "ordres", await admin(refusing));

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('no namespace "ordres": did you mean "orders"?');
  });

  test("with --json a refusal is JSON on stdout", async () => {
    const refusing = new StockServer().unary(Admin.method.deleteNamespace, () => {
      throw failure(Code.FAILED_PRECONDITION, "prism.yaml:3 owns it", {
        reason: "FAILED_PRECONDITION",
        metadata: { owner: "prism.yaml:3" },
      });
    });

    const ended = await runCommand(NamespaceDelete, "orders", "--json", await admin(refusing));

    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toEqual({
      error: {
        kind: "failedPrecondition",
        code: Code.FAILED_PRECONDITION,
        message: "prism.yaml:3 owns it",
        info: { owner: "prism.yaml:3" },
      },
    });
  });

  test("a flag that is not there, or an argument that is missing, is exit code 2", async () => {
    const flag = await runCommand(Status, "--nonsense");
    const argument = await runCommand(PluginReload);

    expect(flag.exitCode).toBe(2);
    expect(argument.exitCode).toBe(2);
  });
});

describe("prism ns", () => {
  test("list prints a line each, cells separated by tabs where no terminal reads", async () => {
    const listing = new StockServer().unary(Admin.method.listNamespaces, () => ({ namespaces: [orders] }));

    const ended = await runCommand(NamespaceList, "--no-header", await admin(listing));

    expect(ended.stdout).toBe("orders\tpostgres\tsidecar\tapplied\tnot ready: the server is away\n");
    expect(ended.exitCode).toBe(0);
  });

  test("list tells a namespace that is served though its plugin is unhealthy, or worse off than it should be", async () => {
    const namespaces = ["UNHEALTHY", "DEGRADED", "HEALTHY"].map((health) => ({
      ...orders,
      ready: true,
      health,
    }));
    const listing = new StockServer().unary(Admin.method.listNamespaces, () => ({ namespaces }));

    const ended = await runCommand(NamespaceList, "--no-header", await admin(listing));

    expect(ended.stdout.split("\n").map((row) => row.split("\t")[4])).toEqual([
      "unhealthy: the server is away",
      "degraded: the server is away",
      "ready",
      undefined,
    ]);
  });

  test("get --json tells all there is", async () => {
    const telling = new StockServer().unary(Admin.method.getNamespace, () => ({ namespace: orders }));

    const ended = await runCommand(NamespaceGet, "orders", "--json", await admin(telling));

    expect(JSON.parse(ended.stdout)).toEqual(orders);
  });

  test("get tells why an edited declaration is not in force", async () => {
    const edited = { ...orders, problem: "it serves on as it was: exited with code 3" };
    const telling = new StockServer().unary(Admin.method.getNamespace, () => ({ namespace: edited }));

    const ended = await runCommand(NamespaceGet, "orders", await admin(telling));

    expect(ended.stdout).toMatch(/^problem +it serves on as it was: exited with code 3$/m);
  });

  test("apply sends the file's text and its name, and prints what became of each namespace", async () => {
    const directory = await mkdtemp(join(tmpdir(), "prism-apply-"));
    const file = join(directory, "orders.yaml");
    await writeFile(file, "namespaces: [{ name: orders }]");
    const requests: unknown[] = [];
    const applying = new StockServer().unary(Admin.method.applyNamespaces, ({ yaml, source, dryRun }) => {
      requests.push({ yaml, source, dryRun });
      return { changes: [{ name: "orders", kind: Kind.RELOAD, changedKeys: ["config.path"] }] };
    });

    const ended = await runCommand(NamespaceApply, "-f", file, "--dry-run", await admin(applying));

    expect(requests).toEqual([{ yaml: "namespaces: [{ name: orders }]", source: file, dryRun: true }]);
    expect(ended.stdout).toBe("orders: reload (config.path), not done: dry run\n");
    await rm(directory, { recursive: true });
  });

  test("apply of bad YAML is exit code 2 with every problem", async () => {
    const problems = "orders.yaml:2:3 namespaces.0.nam: unknown field\norders.yaml:3:3 …";
    const refusing = new StockServer().unary(Admin.method.applyNamespaces, () => {
      throw failure(Code.INVALID_ARGUMENT, problems, { reason: "INVALID_CONFIG" });
    });
    const address = await admin(refusing);
    const file = new URL("../../package.json", import.meta.url).pathname;

    const ended = await runCommand(NamespaceApply, "-f", file, address);

    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(problems);
  });

  test("apply of what a plugin refuses is exit code 2 as well", async () => {
    const refusing = new StockServer().unary(Admin.method.applyNamespaces, () => {
      throw failure(Code.INVALID_ARGUMENT, "config.pth: unknown key", { reason: "CONFIG_REFUSED" });
    });
    const address = await admin(refusing);
    const file = new URL("../../package.json", import.meta.url).pathname;

    const ended = await runCommand(NamespaceApply, "-f", file, address);

    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain("config.pth: unknown key");
  });

  test("apply of a file that cannot be read is exit code 2 and names it", async () => {
    const ended = await runCommand(NamespaceApply, "-f", "/nowhere/orders.yaml");

    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain("/nowhere/orders.yaml cannot be read");
  });

  test("delete tells how many calls were cut", async () => {
    const deleting = new StockServer().unary(Admin.method.deleteNamespace, () => ({ cut: 3n }));

    const ended = await runCommand(NamespaceDelete, "orders", await admin(deleting));

    expect(ended.stdout).toBe("orders: deleted, 3 calls cut\n");
  });
});

describe("prism plugin", () => {
  test("list tells state and health in words, and numbers as numbers", async () => {
    const instance = { id: "orders-1", namespace: "orders", state: State.READY, health: "HEALTHY", pid: 42n };
    const listing = new StockServer().unary(Admin.method.listPlugins, () => ({ instances: [instance] }));

    const ended = await runCommand(PluginList, "--json", await admin(listing));

    expect(JSON.parse(ended.stdout)).toMatchObject([{ id: "orders-1", state: "ready", pid: 42 }]);
  });

  const reloading = (lost: bigint) =>
    new StockServer().streaming(Admin.method.reloadPlugin, async function* () {
      yield await Promise.resolve({ step: Step.LAUNCH, elapsedMs: 5n });
      yield { step: Step.HEALTH_CHECK, message: "HEALTHY", elapsedMs: 9n };
      const ledger = { started: 10n, completed: 8n, failed: 1n, cut: 1n, lost };
      yield { step: Step.DONE, from: "1.0.0", to: "1.1.0", elapsedMs: 20n, ledger };
    });

  test("reload prints each step as it is done, and the ledger", async () => {
    const ended = await runCommand(PluginReload, "orders", await admin(reloading(0n)));

    expect(ended.exitCode).toBe(0);
    expect(ended.stdout.split("\n")).toEqual([
      "     5 ms  launch the new instance",
      "     9 ms  check its health (HEALTHY)",
      "1.0.0 → 1.1.0 in 20 ms",
      "10 calls started = 8 completed + 1 failed + 1 cut; 0 lost",
      "",
    ]);
  });

  test("reload that lost a call is exit code 1", async () => {
    const ended = await runCommand(PluginReload, "orders", "--json", await admin(reloading(1n)));

    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ from: "1.0.0", ledger: { started: 10, lost: 1 } });
  });

  test("reload to a version that does not start is exit code 1 and says why", async () => {
    const failing = new StockServer().streaming(Admin.method.reloadPlugin, async function* () {
      yield await Promise.resolve({ step: Step.LAUNCH });
      throw failure(Code.FAILED_PRECONDITION, "it refused: no such table", { reason: "FAILED_PRECONDITION" });
    });

    const ended = await runCommand(PluginReload, "orders", await admin(failing));

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain("it refused: no such table");
  });
});

describe("prism status", () => {
  test("is exit code 1 while a namespace is not served", async () => {
    const status = { version: "0.1.0", listen: ["127.0.0.1:1"], namespaces: [orders], ready: false };
    const telling = new StockServer().unary(Admin.method.getStatus, () => status);

    const ended = await runCommand(Status, await admin(telling));

    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toContain("not ready: the server is away");
  });
});
