/**
 * Serves the plugin that a module exports as its default: `node host.js <module>`, as a process or as a worker thread
 * (`new Worker(host, { argv: [module], env, stdout: true })`).
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { collectGarbage } from "../protocol/collect-garbage.js";
import { stderrLog } from "./json-log.js";
import { loadPlugin } from "./load-plugin.js";
import { serve } from "./serve.js";

// While the plugin loads, too: Node would open a debugger.
process.on("SIGUSR1", () => undefined);

const [, , module] = process.argv;
try {
  if (!module) throw new Error("name the plugin's module: node host.js <module>");
  const plugin = await loadPlugin(pathToFileURL(resolve(module)));
  collectGarbage();
  await serve(plugin);
} catch (reason) {
  const sentence = reason instanceof Error ? reason.message : String(reason);
  stderrLog().error(sentence, { module: module ?? "" });
  process.exit(1);
}
