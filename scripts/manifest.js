import { Plugin } from "@oclif/core";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadBundle } from "../bin/load-bundle.js";
import { root } from "./install.js";

/** The file that spares the command line from loading every command to know their names. */
export const manifestFile = "oclif.manifest.json";

/** What oclif reads of the built commands, as the text of its manifest. */
export async function makeManifest() {
  const { commands } = loadBundle("prism.cjs");
  const pjson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  pjson.oclif.commands = { strategy: "explicit", target: "dist/prism.cjs", identifier: "commands" };
  const plugin = new Plugin({
    root,
    pjson,
    isRoot: true,
    type: "core",
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  // oclif would load them by a path each.
  const loaded = Object.entries(commands).map(async ([id, load]) => [id, (await load()).default]);
  plugin.commandCache = Object.fromEntries(await Promise.all(loaded));
  await plugin.load();
  const { commands: told, ...rest } = plugin.manifest;
  // oclif finds the files in the order in which the disk has them.
  const inOrder = Object.fromEntries(Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands: inOrder, ...rest }, null, 2)}\n`;
}
