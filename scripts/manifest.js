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
  return `${JSON.stringify(plugin.manifest, null, 2)}\n`;
}
