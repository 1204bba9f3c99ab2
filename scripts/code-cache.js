// node scripts/code-cache.js <arguments of prism>: runs the command line, and keeps what V8 compiled of the bundles beside them.
import { writeFileSync } from "node:fs";
import { loadBundle } from "../bin/load-bundle.js";
import { root } from "./install.js";

const scripts = [];
const { runProgram, commands } = loadBundle("prism.cjs", (...loaded) => scripts.push(loaded));
process.on("exit", () => {
  for (const [script, cache] of scripts) writeFileSync(cache, script.createCachedData());
});
await runProgram({
  argv: process.argv.slice(2),
  root,
  load: async (id) => (await commands[id]()).default,
});
