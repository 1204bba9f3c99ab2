import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TimeLimit } from "../../../src/protocol/index.js";
import { inProcessChannel, type LaunchedPlugin } from "../../../src/runtime/channel/index.js";
import type { PluginCode } from "../../../src/runtime/model/namespace.js";
import { fixtureCode, LaunchSite } from "./channel-harness.js";

const memory: PluginCode = {
  kind: "module",
  file: fileURLToPath(new URL("../../../dist/plugins/memory/index.js", import.meta.url)),
};

let site: LaunchSite;
let launched: LaunchedPlugin | undefined;
beforeEach(async () => {
  site = await LaunchSite.make();
});
afterEach(async () => {
  await launched?.terminate(0);
  await site[Symbol.asyncDispose]();
});

async function launch(code: PluginCode): Promise<LaunchedPlugin> {
  launched = await inProcessChannel().launch(site.request(code), new TimeLimit(10_000).signal);
  return launched;
}

/** A module that is not even a plugin: what it does, it does when it is loaded. */
async function moduleThat(text: string): Promise<PluginCode> {
  const file = `${site.directory}/module.mjs`;
  await writeFile(file, text);
  return { kind: "module", file };
}

describe("an in_process plugin", () => {
  test("listens on a private socket like a sidecar", async () => {
    const { socket, pid } = await launch(memory);

    const connection = connect(socket);
    await once(connection, "connect");
    connection.destroy();

    expect(socket).toBe(`${site.directory}/sock`);
    expect(pid).toBe(0);
  });

  test("ends in order when it is told to, and can be ended twice", async () => {
    const thread = await launch(memory);

    await Promise.all([thread.terminate(10_000), thread.terminate(10_000)]);

    expect(await thread.ended).toBe("exited with code 0");
  });

  test("that never ends by itself is ended", async () => {
    const socket = JSON.stringify(`prism|1|unix|${site.directory}/sock\n`);
    const thread = await launch(
      await moduleThat(`process.stdout.write(${socket}, () => setTimeout(() => { for (;;); }, 10));`),
    );

    await thread.terminate(50);

    expect(await thread.ended).toBe("exited with code 1");
  });

  test("that throws while it is loaded says so", async () => {
    const launching = launch(await moduleThat(`throw new Error("no licence");`));

    await expect(launching).rejects.toThrow(/before it shook hands.*no licence/);
  });

  test("that takes more memory than a thread may have falls alone", async () => {
    const hog = await moduleThat(
      `const held = []; for (;;) held.push(new Array(100_000).fill(held.length + 0.5));`,
    );

    const launching = launch(hog);

    await expect(launching).rejects.toThrow(/memory limit/);
  });

  test("can only be a JavaScript module", async () => {
    const launching = launch(fixtureCode("answers-slowly.js"));

    await expect(launching).rejects.toThrow("set plugin.type to sidecar");
  });
});
