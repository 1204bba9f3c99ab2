// `npm run fuzz`: installs what is missing, then runs test/fuzz/run.ts. Arguments are passed on.
import { spawnSync } from "node:child_process";
import { install, root } from "./install.js";

install();
const args = ["--import", "tsx", "test/fuzz/run.ts", ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
