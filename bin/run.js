#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { stopSignal } from "../dist/stop-signals.cjs";

// Before anything else is loaded: a signal that comes meanwhile counts, and SIGUSR1 opens no debugger.
process.on("SIGUSR1", () => undefined);
if (process.argv[2] === "serve") stopSignal();

const { loadBundle } = await import("./load-bundle.js");
const { runProgram, commands } = loadBundle("prism.cjs");
await runProgram({
  argv: process.argv.slice(2),
  root: fileURLToPath(new URL("..", import.meta.url)),
  load: async (id) => (await commands[id]()).default,
});
