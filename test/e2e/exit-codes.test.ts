import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { type Ended, runProgram } from "../support/run-program.js";

let prism: RunningPrism;
let nobody: string;
beforeAll(async () => {
  prism = await servePrism({ yaml: "namespaces: [{ name: default, backend: memory }]\n" });
  nobody = `127.0.0.1:${await freePort()}`;
});
afterAll(() => prism.stop());

/** Each command that asks a running Prism, in its shortest right form. */
const asking = [
  ["call", "default", "get", "--key=k"],
  ["ns", "apply", "-f", "-"],
  ["ns", "delete", "archive"],
  ["ns", "get", "default"],
  ["ns", "list"],
  ["plugin", "list"],
  ["plugin", "reload", "default"],
  ["status"],
] as const;
const commands = [...asking, ["serve"], ["help"]] as const;

async function run(argv: readonly string[], options: { input?: string; at?: string } = {}): Promise<Ended> {
  const { input = "", at } = options;
  const env = { PRISM_ADDRESS: at ?? prism.address, PRISM_ADMIN: at ?? prism.admin };
  return runProgram(argv, { input, env, cwd: prism.directory });
}

/** What `ns apply -f -` reads. */
const inputOf = ([, second]: readonly string[]): string => (second === "apply" ? "namespaces: []\n" : "");
const shown = (argv: readonly string[]): string => `prism ${argv.join(" ")}`;
const table = <Row extends readonly string[]>(rows: readonly Row[]) =>
  rows.map((argv) => [shown(argv), argv] as const);

describe("exit code 0, where what was asked for is done", () => {
  test.each([
    ...table(asking.filter(([, second]) => second !== "apply" && second !== "delete")),
    ...table([
      ["help"],
      ["--help"],
      ["--version"],
      ["ns"],
      ["ns", "list", "--help"],
      ["help", "ns", "apply"],
    ]),
    ...table([["autocomplete", "script", "bash"]]),
  ])("%s", async (_, argv) => {
    const ended = await run(argv);

    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).not.toBe("");
  });

  test("prism ns apply, and prism ns delete of what was applied", async () => {
    const input = "namespaces: [{ name: archive, backend: memory }]\n";

    expect(await run(["ns", "apply", "-f", "-"], { input })).toMatchObject({ code: 0, stderr: "" });
    expect(await run(["ns", "delete", "archive"])).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("exit code 1, where what was asked for fails", () => {
  test.each(
    table([
      ["call", "nowhere", "get", "--key=k"],
      ["ns", "delete", "nowhere"],
      ["ns", "get", "nowhere"],
      ["plugin", "reload", "nowhere"],
    ]),
  )("%s", async (_, argv) => {
    const ended = await run(argv);

    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^prism: no namespace "nowhere"/);
  });

  test("prism status, as long as a problem stands", async () => {
    const troubled = await servePrism({ yaml: "namespaces: [{ name: default, backend: memory }]\n" });
    try {
      await writeFile(join(troubled.directory, "prism.yaml"), "namespaces: [{ nam: a }]\n");
      let ended: Ended | undefined;
      await until("the problem to be told", async () => {
        ended = await run(["status"], { at: troubled.admin });
        return ended.stdout.includes("problem");
      });

      expect(ended?.code).toBe(1);
    } finally {
      await troubled.stop();
    }
  });
});

describe("exit code 2, where it is used wrongly", () => {
  test.each(table(commands))("%s with a flag that is not there, which names the nearest", async (_, argv) => {
    const ended = await run([...argv, "--hepl"]);

    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(/^prism: there is no flag --hepl.*--help` tells/);
  });

  test.each([
    [["stauts"], "did you mean `prism status`?"],
    [["cal", "default", "get"], "did you mean `prism call`?"],
    [["ns", "lst"], "did you mean `prism ns list`?"],
    [["plugins", "lits"], "did you mean `prism plugin list`?"],
    [["ns", "qqqqqq"], 'there is no command "ns qqqqqq": `prism help` tells'],
    [["stauts", "--help"], "did you mean `prism status`?"],
    [["help", "stauts"], "did you mean `prism status`?"],
    [["--jsn"], "there is no flag --jsn"],
    [["ns", "apply"], "needs -f (--file)"],
    [["ns", "apply", "-f", "/nowhere.yaml"], "/nowhere.yaml cannot be read"],
    [["ns", "get"], "needs <namespace>"],
    [["ns", "delete"], "needs <namespace>"],
    [["plugin", "reload"], "needs <namespace>"],
    [["call", "default"], "needs <operation>"],
    [["status", "orders"], 'takes no "orders"'],
    [["status", "--admin"], "--admin takes a value"],
    [["status", "--admin=somewhere"], '"somewhere" is no address'],
    [["call", "default", "scan", "--prefix", "gr"], "other parameters go as JSON, such as '{"],
    [["call", "default", "set", '{"key":1}'], "SetRequest.key from JSON: expected string"],
    [["call", "default", "get", "--count=many"], "--count: expected an integer"],
    [["serve", "--listen", "everywhere"], "prism: --listen: expected"],
  ] as const)("prism %j says in one line what is wrong", async (argv, said) => {
    const ended = await run(argv);

    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain(said);
    expect(ended.stderr).toMatch(/^prism: .*\n$/);
  });

  test("prism ns apply -f - names what it read: stdin", async () => {
    const ended = await run(["ns", "apply", "-f", "-"], { input: "namespaces: [{ nam: a }]\n" });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("stdin:1:16 ");
  });

  test("npm start --config, which npm keeps for itself, is told how it reaches Prism", async () => {
    const env = { npm_lifecycle_event: "start" };
    const ended = await runProgram(["serve", "x.yaml"], { env, input: "", cwd: prism.directory });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("`npm start -- --config x.yaml`");
  });

  test("a variable of the environment that is wrong is named", async () => {
    const env = { PRISM_LISTEN: "foo" };
    const ended = await runProgram(["serve"], { env, input: "", cwd: prism.directory });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^prism: PRISM_LISTEN: expected /);
  });

  test.each([
    ["admin", ["call", "default", "get", "--key=k"], "this is the operators' address"],
    ["address", ["status"], "this is the clients' address"],
  ] as const)("asked at the wrong port (the one of %s), %j says which one it is", async (at, argv, said) => {
    const ended = await run(argv, { at: prism[at] });

    expect(ended.stderr).toContain(said);
  });

  test("with --json the same is told as JSON on stdout", async () => {
    for (const argv of [["stauts"], ["ns", "get"], ["status", "--jsn"]]) {
      const ended = await run([...argv, "--json"]);

      expect(ended).toMatchObject({ code: 2, stderr: "" });
      expect(JSON.parse(ended.stdout)).toMatchObject({ error: { kind: "usage", code: 3 } });
    }
  });
});

describe("exit code 3, where no runtime answers", () => {
  test.each(table(asking))("%s", async (_, argv) => {
    const ended = await run(argv, { at: nobody, input: inputOf(argv) });

    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(/^prism: no Prism answers at .*: start one with/);
  });
});

describe("exit code 130, where Ctrl-C ends it", () => {
  let silent: Server;
  let at: string;
  beforeAll(async () => {
    silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    at = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  });
  afterAll(() => silent.close());

  test.each(table(asking))("%s that waits for an answer", async (_, argv) => {
    const env = { PRISM_ADDRESS: at, PRISM_ADMIN: at };
    let asked = false;
    silent.once("connection", () => (asked = true));

    const ended = await runProgram(argv, {
      input: inputOf(argv),
      env,
      meanwhile: async (child) => {
        await until("it to ask", () => asked);
        child.kill("SIGINT");
      },
    });

    expect(ended.code).toBe(130);
  });
});

describe("what is piped", () => {
  test.each(
    table([
      ["ns", "list"],
      ["plugin", "list"],
    ]),
  )("%s has a line of heads, but with --no-header", async (_, argv) => {
    const [told, bare] = [await run(argv), await run([...argv, "--no-header"])];

    const [heads, ...rows] = told.stdout.split("\n");
    expect(heads).toMatch(/^[A-Z]+(\t[A-Z]+)+$/);
    expect(rows[0]).toContain("default\t");
    expect(bare.stdout).toBe(rows.join("\n"));
  });
});

test("a value behind = is a value, even where it looks like a flag of the command", async () => {
  const written = await run(["call", "default", "set", "--key=--value", "--value=--key"]);
  const short = await run(["call", "default", "get", "-k=--value", "--json"]);
  const shorter = await run(["call", "default", "get", "-k--value", "--json"]);

  expect(written).toMatchObject({ code: 0, stderr: "" });
  const found = { found: true, value: Buffer.from("--key").toString("base64") };
  expect([JSON.parse(short.stdout), JSON.parse(shorter.stdout)]).toEqual([found, found]);
});

test("only - reads stdin: a loop over lines keeps its lines", async () => {
  const ended = await run(["call", "default", "get", "--key=k"], { input: '{"key":"another"}' });
  const missing = await run(["ns", "get"], { input: "default\n" });

  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(missing.code).toBe(2);
});
