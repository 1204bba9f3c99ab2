import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TimeLimit } from "../../../src/protocol/index.js";
import { type Channel, inProcessChannel, sidecarChannel } from "../../../src/runtime/channel/index.js";
import type { PluginCode } from "../../../src/runtime/model/namespace.js";
import { LaunchSite, RecordingGroups } from "./channel-harness.js";

const remedy = `run \`npm install ${fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "")}\` in the plugin's directory`;

let site: LaunchSite;
beforeEach(async () => {
  site = await LaunchSite.make();
});
afterEach(() => site[Symbol.asyncDispose]());

/** A plugin outside of any checkout, with what its directory holds beside it. */
async function pluginWith(files: Readonly<Record<string, string>>, main: string): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    const file = `${site.directory}/${name}`;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return `${site.directory}/${main}`;
}

/** Why a plugin does not start. */
async function failure(channel: Channel, code: PluginCode): Promise<string> {
  const launching = channel.launch(site.request(code), new TimeLimit(10_000).signal);
  return launching.then(
    () => "it started",
    (reason: unknown) => String(reason),
  );
}

const byImport = { "plugin.mjs": 'import { definePlugin } from "prism/sdk";\n' };
const byRequire = { "plugin.cjs": 'const { definePlugin } = require("prism/sdk");\n' };
const anothers = { "node_modules/prism/package.json": '{ "name": "prism", "exports": "./index.js" }' };
const anothersWithout = { "node_modules/prism/package.json": '{ "name": "prism" }' };

describe("a plugin that does not find prism/sdk is told how it does", () => {
  test.each([
    ["imports it", byImport, "plugin.mjs"],
    ["requires it", byRequire, "plugin.cjs"],
    ["has somebody else's package of that name", { ...byImport, ...anothers }, "plugin.mjs"],
    ["has one that exports what it holds", { ...byImport, ...anothersWithout }, "plugin.mjs"],
  ])("as a library of a sidecar that %s", async (_, files, main) => {
    const file = await pluginWith(files, main);

    const told = await failure(sidecarChannel({ groups: new RecordingGroups() }), { kind: "module", file });

    expect(told).toContain(remedy);
    expect(told).not.toContain("npm install prism");
  });

  test("as a thread", async () => {
    const file = await pluginWith(byImport, "plugin.mjs");

    expect(await failure(inProcessChannel(), { kind: "module", file })).toContain(remedy);
  });

  test.each([
    ["imports it", byImport, "plugin.mjs"],
    ["requires it", byRequire, "plugin.cjs"],
  ])("as a program of its own that %s", async (_, files, main) => {
    const file = await pluginWith(files, main);
    const command = [process.execPath, file] as const;

    const told = await failure(sidecarChannel({ groups: new RecordingGroups() }), {
      kind: "command",
      command,
      cwd: site.directory,
    });

    expect(told).toContain(remedy);
  });
});

test("a plugin that misses another package is told nothing of the SDK", async () => {
  const file = await pluginWith({ "plugin.mjs": 'import "prism-of-glass";\n' }, "plugin.mjs");

  const told = await failure(sidecarChannel({ groups: new RecordingGroups() }), { kind: "module", file });

  expect(told).toContain("prism-of-glass");
  expect(told).not.toContain("npm install");
});
