#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { stopSignal } from "../dist/cli/stop-signals.js";

// Before anything else is loaded: a signal that comes meanwhile counts, and SIGUSR1 opens no debugger.
process.on("SIGUSR1", () => undefined);
if (process.argv[2] === "serve") stopSignal();

const { runProgram } = await import("../dist/cli/program.js");
await runProgram({
  argv: process.argv.slice(2),
  root: fileURLToPath(new URL("..", import.meta.url)),
  load: async (id) => (await import(`../dist/commands/${id.replaceAll(":", "/")}.js`)).default,
});
