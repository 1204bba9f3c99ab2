import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { installSystemPackage } from "../servers/system-package.js";

const root = new URL("../..", import.meta.url).pathname;
const program = new URL("../../scripts/conformance.js", import.meta.url).pathname;

test("every case of h2spec passes against the clients' port, plain and over TLS, and the SDK's server", async () => {
  const missing = ["h2spec", "go"].every((name) => spawnSync(name, ["version"]).error);
  if (missing) installSystemPackage("golang-go", "install Go, or h2spec itself");

  const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: root });

  const rows = stdout.trim().split("\n").slice(1);
  const results = rows.map((row) => row.split(/ {2,}/).slice(0, 5));
  expect(results).toEqual([
    ["prism serve", "146", "146", "0", "0"],
    ["prism serve, TLS", "146", "146", "0", "0"],
    ["SDK server", "146", "146", "0", "0"],
  ]);
});
