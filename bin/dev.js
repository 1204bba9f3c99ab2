#!/usr/bin/env -S node --import tsx --disable-warning=ExperimentalWarning
// The command line from source: ./bin/dev.js status. What commands there are, and their help, oclif.manifest.json says: a build
// writes it. Plugins and their host run from dist/ here too.
import { fileURLToPath } from "node:url";
import { runProgram } from "../src/cli/program.ts";

await runProgram({
  argv: process.argv.slice(2),
  root: fileURLToPath(new URL("..", import.meta.url)),
  load: async (id) => (await import(`../src/commands/${id.replaceAll(":", "/")}.ts`)).default,
});
