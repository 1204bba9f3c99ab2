// Builds what is missing, then runs a TypeScript file: node scripts/run-built.js bench/run.ts. Further arguments are passed on.
import { spawn, spawnSync } from "node:child_process";

const { status } = spawnSync(process.execPath, ["scripts/build.js"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const child = spawn(process.execPath, ["--import", "tsx", ...process.argv.slice(2)], { stdio: "inherit" });
// A Ctrl-C in the terminal reaches the child too, which ends in order; we end with it.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code ?? 1));
