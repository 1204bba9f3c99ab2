import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AppliedNamespaces } from "../../../../src/runtime/control-plane/namespaces/applied-namespaces.js";
import { temporaryDirectory } from "../../../support/temporary.js";

describe("applied namespaces", () => {
  test("are there for the next runtime, by name", async () => {
    const directory = await temporaryDirectory();

    await new AppliedNamespaces(directory).put([
      { name: "orders", yaml: "namespaces: [orders]\n" },
      { name: "carts", yaml: "namespaces: [carts]\n" },
    ]);

    expect(await new AppliedNamespaces(directory).all()).toEqual([
      { name: "carts", yaml: "namespaces: [carts]\n" },
      { name: "orders", yaml: "namespaces: [orders]\n" },
    ]);
  });

  test("are replaced, and forgotten, leaving no other file", async () => {
    const directory = await temporaryDirectory();
    const applied = new AppliedNamespaces(directory);
    await applied.put([{ name: "orders", yaml: "one" }]);

    await applied.put([{ name: "orders", yaml: "two" }]);
    const replaced = await applied.all();
    await applied.remove("orders");

    expect(replaced).toEqual([{ name: "orders", yaml: "two" }]);
    expect(await readdir(directory)).toEqual([]);
  });

  test("that a crash left half-written are not there", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "orders.yaml.new"), "namespa");

    expect(await new AppliedNamespaces(directory).all()).toEqual([]);
  });

  test("keep their old text where the disk is full, and the operator is told", async () => {
    const directory = await temporaryDirectory();
    const applied = new AppliedNamespaces(directory);
    await applied.put([{ name: "orders", yaml: "old" }]);
    await symlink("/dev/full", join(directory, "orders.yaml.new"));

    await expect(applied.put([{ name: "orders", yaml: "new" }])).rejects.toThrow("the disk is full");
    expect(await applied.all()).toEqual([{ name: "orders", yaml: "old" }]);
  });
});
