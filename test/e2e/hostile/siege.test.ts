import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../../support/running-prism.js";
import { processesOf } from "./processes.js";
import { type Attack, Siege } from "./siege.js";

const yaml = `namespaces:
  - { name: default, backend: memory, plugin: { type: sidecar } }
  - { name: other, backend: memory, plugin: { type: sidecar } }
`;

let siege: Siege;
beforeEach(async () => {
  siege = await Siege.begin({ yaml });
});
afterEach(() => siege.end());

function pidOf(role: string): number {
  const found = processesOf(siege.prism.child.pid ?? 0).find((each) => each.role === role);
  if (!found) throw new Error(`no process is the ${role}`);
  return found.pid;
}

async function ended(attack: Attack["run"], more: Partial<Attack> = {}): Promise<string> {
  const withstood = siege.withstand({ what: "an attack", run: attack, ...more });
  return await withstood.then(() => "withstood", String);
}

/** Until the plugin of the namespace `other` runs anew. */
async function killOther(): Promise<void> {
  process.kill(pidOf("plugin of other"), "SIGKILL");
  await until(
    "its namespace to be served again",
    async () => (await siege.neighbour.get("k", { namespace: "other" })) === undefined,
  );
}

/** 96 MiB of values that stay. */
async function fill(): Promise<void> {
  const value = "v".repeat(1024 * 1024);
  for (let i = 0; i < 96; i++) await siege.neighbour.set(`k${i}`, value);
}

describe("a siege is lost", () => {
  test("when a neighbour's call is not answered within a second", async () => {
    const proxy = pidOf("proxy");

    const end = await ended(async () => {
      process.kill(proxy, "SIGSTOP");
      await siege.neighbour.get("k", { deadlineMs: 1500 }).catch(() => undefined);
      process.kill(proxy, "SIGCONT");
    });

    expect(end).toContain("an attack: a neighbour's call was not answered within 1000 ms");
  });

  test("when a process is replaced that was not attacked", async () => {
    const end = await ended(killOther);

    expect(end).toContain("processes that were not attacked");
  });

  test("when a plugin grows by more than the attack may cost it", async () => {
    const end = await ended(fill);

    expect(end).toContain(`bytes by which the plugin of default has grown`);
  });
});

test("a process that is attacked may be replaced", async () => {
  expect(await ended(killOther, { attacked: "plugin of other" })).toBe("withstood");
});
