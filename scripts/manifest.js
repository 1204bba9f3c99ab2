import { Plugin } from "@oclif/core";
import { root } from "./install.js";

/** The file that spares the command line from loading every command to know their names. */
export const manifestFile = "oclif.manifest.json";

/** What oclif reads of the built commands, as the text of its manifest. */
export async function makeManifest() {
  const plugin = new Plugin({
    root,
    type: "core",
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  const { commands, ...rest } = plugin.manifest;
  // oclif finds the files in the order in which the disk has them.
  const inOrder = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands: inOrder, ...rest }, null, 2)}\n`;
}
