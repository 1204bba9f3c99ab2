// `npm test`: installs and builds what is missing, then holds the checkout to everything it promises.
// Prints each step with its seconds; stops at the first that fails, and then prints what it said.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { install, root } from "./install.js";

const reports = ".cache/test";
const began = performance.now();
const running = new Set();
const counts = { files: 0, passed: 0, failed: 0, skipped: 0 };

process.once("SIGINT", () => stop(130));
process.once("SIGTERM", () => stop(143));

rmSync(join(root, reports), { recursive: true, force: true });
install();
await step("build", ["scripts/build.js", "--keep-manifest"]);
// Two lanes for two cores; what watches memory and kills processes runs alone.
await Promise.all([checks().then(() => vitest("contract")), vitest("unit")]);
await vitest("e2e");
await vitest("collected");
summarize();

async function checks() {
  await step("types", ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json"]);
  await step("lint", ["node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0"]);
  await step("format", ["node_modules/prettier/bin/prettier.cjs", "--check", ".", "--log-level", "warn"]);
  await step("proto lint", ["node_modules/@bufbuild/buf/bin/buf", "lint"]);
  await step("proto breaking", [
    "node_modules/@bufbuild/buf/bin/buf",
    "breaking",
    "--against",
    "proto/contract.binpb",
  ]);
  await step("fresh", ["scripts/fresh.js"]);
}

async function vitest(project) {
  const report = `${reports}/${project}.json`;
  await step(project, [
    "node_modules/vitest/vitest.mjs",
    ...["run", "--project", project, "--reporter", "default", "--reporter", "json"],
    `--outputFile.json=${report}`,
  ]);
  const told = JSON.parse(readFileSync(join(root, report), "utf8"));
  counts.files += told.testResults.length;
  counts.passed += told.numPassedTests;
  counts.failed += told.numFailedTests;
  counts.skipped += told.numPendingTests + told.numTodoTests;
}

/** Runs a Node program to its end; where it fails, prints what it wrote and ends everything. */
async function step(name, args) {
  const start = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => output.push(bytes));
  const code = await new Promise((resolve) => child.once("close", resolve));
  running.delete(child);
  const passed = code === 0;
  console.log(`${passed ? "✓" : "✗"} ${name.padEnd(16)} ${seconds(start).padStart(6)} s`);
  if (passed) return;
  process.stdout.write(Buffer.concat(output));
  console.log(`\nnpm test: ${name} failed after ${seconds(began)} s in all`);
  stop(1);
}

function summarize() {
  const { files, passed, failed, skipped } = counts;
  const tests = [failed && `${failed} failed`, `${passed} passed`, skipped && `${skipped} skipped`];
  console.log(`\n Test Files  ${files} passed (${files})`);
  console.log(`      Tests  ${tests.filter(Boolean).join(" | ")} (${passed + failed + skipped})`);
  console.log(`   Duration  ${seconds(began)} s`);
}

function stop(code) {
  for (const child of running) child.kill("SIGTERM");
  process.exit(code);
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}
