#!/usr/bin/env node
import { flush, handle, run } from "@oclif/core";

try {
  await run(process.argv.slice(2), import.meta.url);
  await flush();
} catch (reason) {
  // A command that is not there is wrong usage like any other; oclif's plugin has the shell's code for it.
  if (reason.oclif?.exit === 127) reason.oclif.exit = 2;
  await handle(reason);
}
