import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningPrism, servePrism } from "../support/running-prism.js";

const bin = new URL("../../bin/run.js", import.meta.url).pathname;
const sdk = new URL("../../dist/sdk/index.js", import.meta.url).pathname;

const plugin = `import { definePlugin, streaming, unary, z } from "${sdk}";
const bytes = { request: "bytes", response: "bytes" };
export default definePlugin({
  name: "echo", version: "1.0.0", config: z.strictObject({}),
  open: () => ({ operations: {
    hex: unary({ ...bytes, idempotent: true, run: (b) => Buffer.from(Buffer.from(b).toString("hex")) }),
    letters: streaming({ ...bytes, async *run(texts) { for await (const text of texts) for (const byte of text) yield Buffer.of(byte); } }),
  } }),
});
`;

let prism: RunningPrism;
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "prism-call-"));
  const library = join(directory, "echo.js");
  await writeFile(library, plugin);
  const yaml = `plugins: [{ name: echo, library: "${library}" }]
namespaces: [{ name: default, backend: memory, plugin: { type: in_process } }, { name: echo, backend: echo }, { name: letters, backend: echo }]
`;
  prism = await servePrism({ directory, yaml });
});
afterAll(() => prism.stop());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[], input: string | Buffer = ""): Promise<Ended> {
  const env = { ...process.env, PRISM_ADDRESS: prism.address, PRISM_ADMIN: prism.admin };
  const child = spawn(command, args, { env });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  // Where oclif breaks lines is no matter.
  return { code: child.exitCode, stdout, stderr: stderr.replace(/\s+(?:›\s+)?/g, " ") };
}

/** `prism call`, with what it reads on stdin. */
const call = (args: readonly string[], input?: string | Buffer): Promise<Ended> =>
  run(process.execPath, [bin, "call", ...args], input);

describe("prism call", () => {
  test.each([
    ["get", [], "get needs a key: give it as --key greeting"],
    ["set", ["--key", "k"], "set needs a value: give it as --value hello, or as --value ''"],
    ["set", ["--value", "v"], "set needs a key"],
    ["set", ['{"key":"k"}'], "set needs a value"],
    ["compare_and_set", ["--key", "k"], "compare_and_set needs a value"],
    ["mget", [], "mget needs keys: give each as --key greeting"],
    ["mset", [], "mset needs pairs"],
  ])("%s %j is wrong usage, and says what it needs", async (operation, args, need) => {
    const ended = await call(["default", operation, ...args]);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(need);
  });

  test("takes an empty value, and one that looks like a flag", async () => {
    const empty = await call(["default", "set", "--key", "empty", "--value", ""]);
    const flag = await call(["default", "set", "--key=flag", "--value=--value"]);

    expect([empty.code, flag.code]).toEqual([0, 0]);
    expect((await call(["default", "get", "--key", "empty"])).stdout).toBe('{"found":true,"value":""}\n');
    expect((await call(["default", "get", "--key", "flag"])).stdout).toBe(
      '{"found":true,"value":"LS12YWx1ZQ=="}\n',
    );
  });

  test.each([
    ["default", "gett", 'did you mean "get"?'],
    ["echo", "hexx", 'no operation "hexx"'],
    ["echo", "get", 'no operation "get"'],
  ])("of %s %s, which is not served there, is wrong usage", async (namespace, operation, said) => {
    const ended = await call([namespace, operation, ...(operation === "get" ? ["--key", "k"] : [])]);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(said);
  });

  test("has whole numbers exactly, and takes no key that stands twice", async () => {
    const added = await call(["default", "increment", '{"key":"n","delta":9007199254740993}']);
    const twice = await call(["default", "increment", "-"], '{"key":"n",\n "delta":1,"delta":2}');

    expect(added.stdout).toBe('{"value":"9007199254740993"}\n');
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain('line 2, column 12: the key "delta" stands twice');
  });

  test("gives a plugin's own operation the bytes of stdin as they are", async () => {
    const ended = await call(["echo", "hex", "-"], Buffer.from([0xff, 0x00, 0xc3, 0x0a]));

    expect(ended).toMatchObject({ code: 0, stdout: '"ff00c30a"\n' });
  });

  test("calls an operation that its plugin says streams as a stream at once, and it is counted once, by its name", async () => {
    const ended = await call(["letters", "letters", "abc"]);
    const again = await call(["letters", "letters", "d", "--count", "2"]);

    expect(ended).toMatchObject({ code: 0, stdout: '"a"\n"b"\n"c"\n' });
    expect(again.stdout).toContain("2 ok, 0 failed");
    const metrics = await (await fetch(`http://${prism.admin}/metrics`)).text();
    expect(metrics.match(/^prism_calls_total.*namespace="letters".*$/gm)).toEqual([
      'prism_calls_total{namespace="letters",operation="letters",code="OK"} 3',
    ]);
  });

  test("takes no JSON from stdin that is no UTF-8", async () => {
    const ended = await call(["default", "set", "-"], Buffer.from('{"key":"caf\xe9","value":""}', "latin1"));

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("line 1, column 8: the text is not UTF-8");
  });

  test("takes no argument that is no UTF-8", async () => {
    const script = `exec "$0" "$1" call default set --key "$(printf 'caf\\351')" --value v`;

    const ended = await run("sh", ["-c", script, process.execPath, bin]);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("an argument is no UTF-8 text");
  });
});

test("prism ns apply takes no file that is no UTF-8", async () => {
  const yaml = Buffer.from(
    "namespaces: [{ name: a, backend: memory, config: { note: caf\xe9 } }]\n",
    "latin1",
  );

  const ended = await run(process.execPath, [bin, "ns", "apply", "-f", "-"], yaml);

  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain("it is no UTF-8 text");
});
