import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { freePort, type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { temporaryDirectory } from "../support/temporary.js";

const bin = new URL("../../bin/run.js", import.meta.url).pathname;

let prism: RunningPrism | undefined;
afterEach(() => prism?.stop());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `prism` against the one that serves, with what it reads on stdin. */
async function run(argv: readonly string[], { input = "", cwd = process.cwd() } = {}): Promise<Ended> {
  const env = { ...process.env, PRISM_ADDRESS: prism?.address, PRISM_ADMIN: prism?.admin };
  const child = spawn(process.execPath, [bin, ...argv], { env, cwd });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

describe("prism serve", () => {
  test("with a bad file is exit code 2, and tells every problem with its place", async () => {
    const cwd = await temporaryDirectory();
    await writeFile(join(cwd, "prism.yaml"), "server: { proxies: many }\nnamespaces: [{ nam: a }]\n");

    const ended = await run(["serve"], { cwd });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/prism\.yaml:1:\d+ server\.proxies/);
    expect(ended.stderr).toMatch(/prism\.yaml:2:\d+ namespaces\.0/);
  });

  test("with a flag that is none of an address is exit code 2, and names the flag", async () => {
    const ended = await run(["serve", "--listen", "everywhere"], { cwd: await temporaryDirectory() });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("--listen: expected host:port");
  });

  test("--json tells what runs as JSON, and SIGTERM ends it in order: it says for how long it waits for calls", async () => {
    const [listen, admin] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const argv = ["serve", "--json", "--listen", listen, "--admin", admin, "--proxies", "0"];
    const child = spawn(process.execPath, [bin, ...argv], { cwd: await temporaryDirectory() });
    let stdout = "";
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    const stderr = text(child.stderr);

    await until("what runs to be told", () => stdout.endsWith("}\n"));
    const exited = once(child, "exit");
    child.kill("SIGTERM");

    expect(await exited).toEqual([0, null]);
    expect((await stderr).match(/Prism stops, and waits up to 30 s for calls that run/g)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      listen: [listen],
      admin,
      namespaces: [{ name: "default", ready: true }],
    });
  });
});

describe("an operator at the command line", () => {
  const archive = "namespaces: [{ name: archive, backend: memory }]\n";

  test("applies a namespace, uses it, and ends it", async () => {
    prism = await servePrism();

    const applied = await run(["ns", "apply", "-f", "-"], { input: archive });
    const again = await run(["ns", "apply", "-f", "-"], { input: archive });
    const written = await run(["call", "archive", "set", "--key=k", "--value=v"]);
    const read = await run(["call", "archive", "get", "--key=k", "--json"]);
    const deleted = await run(["ns", "delete", "archive"]);
    const gone = await run(["call", "archive", "get", "--key=k"]);

    expect(applied).toMatchObject({ code: 0, stdout: "archive: create\n" });
    expect(again.stdout).toBe("archive: unchanged\n");
    expect(written).toMatchObject({ code: 0, stdout: "{}\n" });
    expect(JSON.parse(read.stdout)).toEqual({ found: true, value: "dg==" });
    expect(deleted.code).toBe(0);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('no namespace "archive"');
  });

  test("sees with --dry-run what would happen, and nothing happens", async () => {
    prism = await servePrism();

    const told = await run(["ns", "apply", "-f", "-", "--dry-run"], { input: archive });
    const listed = await run(["ns", "list"]);

    expect(told.stdout).toBe("archive: create, not done: dry run\n");
    expect(listed.stdout).not.toContain("archive");
  });

  test("is refused a namespace that the file owns, with the place to edit", async () => {
    prism = await servePrism({ yaml: archive });

    const refused = await run(["ns", "apply", "-f", "-"], {
      input: "namespaces: [{ name: archive, backend: sqlite }]",
    });

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("prism.yaml:2");
  });

  test("watches a reload by a loop of calls, of which none fails", async () => {
    prism = await servePrism();
    await run(["call", "default", "set", "--key=k", "--value=v"]);

    const loop = run(["call", "default", "get", "--key=k", "--for=3s", "--quiet", "--json"]);
    const reloaded = await run(["plugin", "reload", "default", "--json"]);
    const tally = await loop;

    expect(reloaded.code).toBe(0);
    expect(JSON.parse(reloaded.stdout)).toMatchObject({ ledger: { cut: 0, lost: 0 } });
    expect(tally.code).toBe(0);
    expect(JSON.parse(tally.stdout)).toMatchObject({ failed: 0 });
  });

  test("learns the state of everything from status, and a near miss from an error", async () => {
    prism = await servePrism();

    const status = await run(["status", "--json"]);
    const missed = await run(["call", "defualt", "get", "--key=k"]);

    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      ready: true,
      namespaces: [{ name: "default", backend: "sqlite" }],
      instances: [{ namespace: "default", state: "ready" }],
    });
    expect(missed.code).toBe(1);
    expect(missed.stderr).toContain('"default"');
  });

  test("gets exit code 2 for a command that is not there", async () => {
    const ended = await run(["stauts"]);

    expect(ended.code).toBe(2);
  });
});
