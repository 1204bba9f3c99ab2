// `npm run interop`: builds what is missing, then runs gRPC's interoperability cases (test/interop/run.ts).
import { spawnSync } from "node:child_process";
import { install } from "./install.js";

install();
for (const args of [["scripts/build.js"], ["--import", "tsx", "test/interop/run.ts"]]) {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
