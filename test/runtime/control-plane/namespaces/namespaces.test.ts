import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Admin, NamespaceChange_Kind as Kind } from "../../../../src/protocol/gen/prism/admin/v1/admin_pb.js";
import { operatorToken } from "../../../support/operator-token.js";
import { StockClient } from "../../../support/stock-client.js";
import { inMemory, type RunningRuntime, startForTest } from "../../running-runtime.js";

const none = { namespace: "" };
const exits = "{ name: broken, backend: x, plugin: { command: [node, -e, process.exit(3)] } }";

function operator({ admin, directory }: RunningRuntime) {
  const client = new StockClient(admin);
  onTestFinished(() => client.close());
  const mayAct = async () => ({ ...none, metadata: await operatorToken(join(directory, "state")) });
  const apply = async (yaml: string, dryRun = false): Promise<(string | Kind)[][]> => {
    const source = "orders.yaml";
    const request = { yaml, source, dryRun };
    const { changes } = await client.unary(Admin.method.applyNamespaces, request, await mayAct());
    return changes.map(({ name, kind, changedKeys }) => [name, kind, ...changedKeys]);
  };
  const remove = async (name: string) => client.unary(Admin.method.deleteNamespace, { name }, await mayAct());
  const names = async (): Promise<string[]> =>
    (await client.unary(Admin.method.listNamespaces, {}, none)).namespaces.map(
      ({ name, owner }) => `${name}: ${owner}`,
    );
  return { apply, remove, names };
}

function keptIn({ directory }: RunningRuntime): Promise<string[]> {
  return readdir(join(directory, "state", "namespaces"));
}

describe("applying namespaces", () => {
  test("serves them at once, beside the default one, and again after a restart", async () => {
    const first = await startForTest({ yaml: "" });
    const { apply, names } = operator(first);

    const changes = await apply(inMemory("orders"));
    await first.client.set("key", "value", { namespace: "orders" });
    const before = await names();
    await first.runtime.stop();
    const second = await startForTest({ yaml: "", directory: first.directory });

    expect(changes).toEqual([["orders", Kind.CREATE]]);
    expect(before).toEqual(["default: default", "orders: applied"]);
    await second.client.set("key", "value", { namespace: "orders" });
  });

  test("tells beforehand, when asked, what it would do, and does nothing", async () => {
    const running = await startForTest();
    const { apply, names } = operator(running);
    await apply(inMemory("users", "teams", "rooms"));

    const text = inMemory("users", "teams, deadline_ms: 5s", "rooms, config: { max_bytes: 1MiB }", "extra");
    const changes = await apply(text, true);

    expect(changes).toEqual([
      ["users", Kind.UNCHANGED],
      ["teams", Kind.LIVE, "deadline_ms"],
      ["rooms", Kind.RELOAD, "config.max_bytes"],
      ["extra", Kind.CREATE],
    ]);
    expect(await names()).not.toContain("extra: applied");
    expect(await apply(text, true)).toEqual(changes);
  });

  test("that the file owns is refused with the file and line to edit", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });

    const refused = operator(running).apply(inMemory("users", "orders"));

    await expect(refused).rejects.toMatchObject({
      code: 9,
      details: `namespace "orders" belongs to the file: edit ${running.file}:4, which is picked up at once.`,
    });
    expect(await keptIn(running)).toEqual([]);
  });

  test("is refused with every problem where the text is bad", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });

    const refused = operator(running).apply(
      "namespaces: [{ name: A, backend: memory }, { backend: nothing }]\n",
    );

    await expect(refused).rejects.toMatchObject({
      code: 3,
      details: expect.stringMatching(
        /orders\.yaml:1:\d+ namespaces\.0\.name[^]*namespaces\.1\.backend/,
      ) as string,
    });
  });

  test("is all or nothing: where one does not start, none is there, and the changed one is as before", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { apply, names } = operator(running);
    await apply(inMemory("users"));
    const refused = apply(`${inMemory("teams", "users, deadline_ms: 7s")}  - ${exits}\n`);

    await expect(refused).rejects.toMatchObject({
      code: 9,
      details: expect.stringMatching(
        /^namespace "broken" does not start, so nothing was applied: [^;]*exited with code 3[^;]*$/,
      ) as string,
    });
    expect(await names()).toEqual([expect.stringContaining("orders"), "users: applied"]);
    expect(await keptIn(running)).toEqual(["users.yaml"]);
    const { namespaces } = await running.status();
    expect(namespaces.find(({ name }) => name === "users")?.yaml).toContain("deadline_ms: 0");
  });

  test("that their plugin refuses is bad input like any other, new or edited, and says which key it is", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { apply, names } = operator(running);
    await apply(inMemory("users"));

    for (const name of ["users", "teams"]) {
      const refused = apply(inMemory(`${name}, config: { max_bites: 1 }`));
      await expect(refused).rejects.toMatchObject({
        code: 3,
        details: expect.stringMatching(/max_bites/) as string,
      });
    }
    expect(await names()).toEqual([expect.stringContaining("orders"), "users: applied"]);
  });

  test("keeps the old one serving where the new declaration does not start", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { apply } = operator(running);
    await apply(inMemory("broken"));
    await running.client.set("key", "value", { namespace: "broken" });

    await expect(apply(`namespaces: [${exits}]\n`)).rejects.toMatchObject({ code: 14 });

    expect(await running.client.get("key", { namespace: "broken" })).toBe("value");
  });
});

describe("deleting a namespace", () => {
  test("ends it for good", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { apply, remove, names } = operator(running);
    await apply(inMemory("users"));

    expect(await remove("users")).toMatchObject({ cut: 0n });

    expect(await names()).toEqual([expect.stringContaining("orders")]);
    expect(await keptIn(running)).toEqual([]);
    await expect(running.client.get("key", { namespace: "users" })).rejects.toMatchObject({ code: 5 });
  });

  test("that the file owns, or that is the default one, is refused with what to do", async () => {
    const owned = operator(await startForTest({ yaml: inMemory("orders") }));
    const usual = operator(await startForTest({ yaml: "" }));

    await expect(owned.remove("orders")).rejects.toMatchObject({
      code: 9,
      details: expect.stringContaining("prism.yaml:4") as string,
    });
    await expect(usual.remove("default")).rejects.toMatchObject({ code: 9 });
    await expect(usual.remove("defalt")).rejects.toMatchObject({ code: 5 });
  });
});

describe("a namespace that was applied and then declared in the file", () => {
  test("is the file's, which is told until the applied one is deleted", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { apply, remove, names } = operator(running);
    await apply(inMemory("users"));
    await running.client.set("key", "value", { namespace: "users" });

    await running.edit(inMemory("orders", "users"));
    const { problems } = await running.until((now) => now.problems.length > 0);
    const owners = await names();
    await remove("users");

    expect(problems.join()).toMatch(/"users" is declared at .*prism\.yaml:5 and was applied as well/);
    expect(owners[1]).toContain("prism.yaml:5");
    expect((await running.status()).problems).toEqual([]);
    expect(await running.client.get("key", { namespace: "users" })).toBe("value");
  });
});
