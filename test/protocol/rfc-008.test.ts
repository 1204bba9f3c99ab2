import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const rfc = join(root, "test/fixtures/rfc-008");
const run = promisify(execFile);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "prism-rfc-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("the plugin protocol keeps RFC-008", () => {
  test("every message, field number and method of the RFC's text stands in plugin.proto", async () => {
    const broken = await breaking(rfc);

    expect(broken).toBe("");
  });

  test("a field that had another number would be told", async () => {
    await cp(rfc, directory, { recursive: true });
    const text = await readFile(join(rfc, "plugin.proto"), "utf8");
    await writeFile(join(directory, "plugin.proto"), text.replace("error_code = 3", "error_code = 33"));

    const broken = await breaking(directory);

    expect(broken).toContain("error_code");
  });
});

/** What buf finds that ours breaks of the protocol in a folder; empty when nothing. */
async function breaking(folder: string): Promise<string> {
  const [ours, theirs] = [join(directory, "ours.binpb"), join(directory, "theirs.binpb")];
  await buf(root, ["build", "-o", ours]);
  await buf(folder, ["build", ".", "-o", theirs]);
  const rules = JSON.stringify({ version: "v2", breaking: { use: ["PACKAGE"] } });
  return buf(root, ["breaking", ours, "--against", theirs, "--config", rules]).catch((reason: unknown) => {
    const { code, stdout } = reason as { code: number; stdout: string };
    if (code === foundSomething) return stdout;
    throw reason;
  });
}

/** buf's exit code when it ran well and something is broken. */
const foundSomething = 100;

async function buf(cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(root, "node_modules/.bin/buf"), args, { cwd });
  return stdout;
}
