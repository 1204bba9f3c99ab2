import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/runtime/config/index.js";
import { problemsOf } from "./load-yaml.js";
import { temporaryDirectory } from "./temporary-directory.js";

const hostileFiles: readonly { name: string; content: string | Uint8Array; told: string }[] = [
  {
    name: "other bytes than UTF-8",
    content: Buffer.from("server:\n  state_dir: \xff\n", "latin1"),
    told: "prism.yaml: expected UTF-8 text, got other bytes in line 2; save the file as UTF-8",
  },
  {
    name: "UTF-16",
    content: Buffer.from("\ufeffserver: {}\n", "utf16le"),
    told: "prism.yaml: expected UTF-8 text, got other bytes in line 1; save the file as UTF-8",
  },
  {
    name: "more than is ever read",
    content: "#".repeat(8 * 1024 ** 2 + 1),
    told: "prism.yaml: expected at most 8 MiB, got more; is this the right file?",
  },
  {
    name: "nesting without end",
    content: "a: " + "[".repeat(20_000),
    told: "prism.yaml:1:… not valid YAML: nested too deeply",
  },
  {
    name: "nesting that the parser still takes",
    content: "namespaces: " + "[".repeat(100) + "]".repeat(100),
    told: "prism.yaml:1:77 namespaces: nested more than 64 levels deep",
  },
  {
    name: "aliases that multiply",
    content: Array.from({ length: 16 }, (_, n) => `k${n}: &k${n} [*k${n - 1}, *k${n - 1}]`)
      .join("\n")
      .replaceAll("*k-1", "x"),
    told: "prism.yaml:…:… …: aliases multiply it without bound; write it out",
  },
  {
    name: "an alias of what it stands in",
    content: "server: &a\n  limits: *a\n",
    told: "prism.yaml:2:11 server: nested more than 64 levels deep",
  },
];

test.each(hostileFiles)("a file of $name is one clear problem", async ({ content, told }) => {
  const problems = await problemsOf(content);

  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(patternOf(told));
});

test.each(["", "# all of it is a comment\n", "---\n...\n", "~\n"])(
  "a file that says nothing is one clear problem, and no reason to serve the defaults: %j",
  async (content) => {
    expect(await problemsOf(content)).toEqual([
      "prism.yaml: expected a configuration, got an empty file; write what is to be served (`namespaces: []` for nothing), or start without a file for the defaults",
    ]);
  },
);

test("of a file with problems without end, the first two hundred are told", async () => {
  const keys = Array.from({ length: 5_000 }, (_, index) => `key${index}: 1`);

  const problems = await problemsOf(keys.join("\n"));

  expect(problems).toHaveLength(201);
  expect(problems.at(-1)).toBe("prism.yaml: and more problems, beyond these 200");
});

test("a file that is not there, or a directory, is one clear problem", async () => {
  const cwd = temporaryDirectory();
  await mkdir(join(cwd, "conf.d"));

  await expect(loadConfig({ file: "nonesuch.yaml", env: {}, cwd })).rejects.toThrow(
    "nonesuch.yaml: cannot be read: there is no such file (ENOENT); check the path given with --config",
  );
  await expect(loadConfig({ file: "conf.d", env: {}, cwd })).rejects.toThrow(
    "conf.d: cannot be read: it is a directory (EISDIR); name the file in it",
  );
});

test("a key called __proto__ changes nothing but the answer", async () => {
  const problems = await problemsOf("__proto__: { polluted: yes }\nserver: { constructor: 1 }\n");

  expect(problems[0]).toBe("prism.yaml:1:1 __proto__: a key of this name is never taken");
  expect(problems[1]).toMatch(/^prism\.yaml:2:11 server\.constructor: unknown key;/);
  expect({}).not.toHaveProperty("polluted");
});

const secretsInOddPlaces = [
  "credentials: { password: hunter2 hunter2: x }",
  "credentials: { password: *hunter2 }",
  "credentials: { password: !hunter2 x }",
  'credentials: { password: "\\qhunter2" }',
  "credentials: { password: @hunter2 }",
  "credentials: { password: { hunter2: hunter2 } }",
  "credentials: hunter2",
  "plugin: { token: [hunter2] }",
  "plugin: { env: hunter2 }",
  "config: hunter2",
  "passwrod: hunter2",
  "credentials: [\n hunter2\n",
  "credentials: |hunter2\n",
];

test.each(secretsInOddPlaces)("no problem repeats what may be a secret: %s", async (line) => {
  const problems = await problemsOf(`namespaces:\n  - name: a\n    backend: memory\n    ${line}\n`);

  expect(problems).not.toHaveLength(0);
  expect(problems.join("\n").replaceAll("credentials.password.hunter2", "")).not.toContain("hunter2");
});

/** Where the text has …, anything may stand. */
function patternOf(told: string): RegExp {
  const parts = told.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+?")}$`);
}
