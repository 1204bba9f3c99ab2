// `npm start`: installs and builds what is missing, then is `prism serve`. Arguments are passed on: npm start -- --help
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { install, root } from "./install.js";

install();
const { status } = spawnSync(process.execPath, [join(root, "scripts/build.js")], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

// In this very process, so that signals need no forwarding. For the same reason package.json says `exec`: a shell between
// npm and Prism would die of a signal and leave Prism behind.
const run = join(root, "bin/run.js");
process.argv.splice(1, 1, run, "serve");
await import(run);
