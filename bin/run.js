#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { runProgram } from "../dist/cli/program.js";

await runProgram({
  argv: process.argv.slice(2),
  root: fileURLToPath(new URL("..", import.meta.url)),
  load: async (id) => (await import(`../dist/commands/${id.replaceAll(":", "/")}.js`)).default,
});
