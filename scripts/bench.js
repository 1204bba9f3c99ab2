// `npm run bench`: installs and builds what is missing, then runs bench/run.ts. Arguments are passed on.
import { spawnSync } from "node:child_process";

const run = (args) => {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
run(["scripts/build.js"]);
run(["--import", "tsx", "bench/run.ts", ...process.argv.slice(2)]);
