import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseNamespaces, resolveSecrets } from "../../../src/runtime/config/index.js";
import type { Namespace } from "../../../src/runtime/model/namespace.js";
import { temporaryDirectory } from "./temporary-directory.js";

function namespaceOf(yaml: string): Namespace {
  const [namespace] = parseNamespaces(`namespaces:\n  - { name: a, ${yaml} }\n`, {
    source: "test.yaml",
    env: {},
    cwd: "/",
    plugins: [],
  });
  if (!namespace) throw new Error("no namespace");
  return namespace;
}

test("secrets stay references until they are resolved, and then stand wherever text may hold them", async () => {
  const namespace = namespaceOf(
    `backend: x, plugin: { command: [/bin/sh], env: { KEY: "{{ secret:key }}" } },
    config: { url: "db://{{ secret:user }}:{{ secret:key }}@db", deep: [{ key: "{{  secret:key  }}" }, 5, null] },
    credentials: { password: "{{ secret:key }}" }`,
  );

  const resolved = await resolveSecrets(namespace, {
    providers: [{ kind: "env", prefix: "S_" }],
    env: { S_KEY: "k$&1", S_USER: "ann" },
  });

  expect(namespace.credentials).toEqual({ password: "{{ secret:key }}" });
  expect(resolved.config).toEqual({ url: "db://ann:k$&1@db", deep: [{ key: "k$&1" }, 5, null] });
  expect(resolved.credentials).toEqual({ password: "k$&1" });
  expect(resolved.plugin.env).toEqual({ KEY: "k$&1" });
});

test("an attached plugin's token may be a secret", async () => {
  const namespace = namespaceOf(`backend: x, plugin: { socket: /run/x.sock, token: "{{ secret:token }}" }`);

  const resolved = await resolveSecrets(namespace, {
    providers: [{ kind: "env", prefix: "" }],
    env: { TOKEN: "t0ken" },
  });

  expect(resolved.plugin.token).toBe("t0ken");
});

test("providers are asked in their order, and a file's last line break is not part of the secret", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "db-password"), "from the file\n");
  await writeFile(join(directory, "other"), "two\nlines\r\n");
  const namespace = namespaceOf(
    `backend: memory, config: { a: "{{ secret:db-password }}", b: "{{ secret:other }}" }`,
  );
  const env = { PRISM_SECRET_DB_PASSWORD: "from the environment" };
  const files = { kind: "files", directory } as const;
  const variables = { kind: "env", prefix: "PRISM_SECRET_" } as const;

  const filesFirst = await resolveSecrets(namespace, { providers: [files, variables], env });
  const variablesFirst = await resolveSecrets(namespace, { providers: [variables, files], env });

  expect(filesFirst.config).toEqual({ a: "from the file", b: "two\nlines" });
  expect(variablesFirst.config).toEqual({ a: "from the environment", b: "two\nlines" });
});

test("secrets that are not to be found are told together, with every place looked in and no value", async () => {
  const directory = temporaryDirectory();
  await mkdir(join(directory, "b"));
  const namespace = namespaceOf(
    `backend: memory, config: { a: "{{ secret:a }}", b: "{{ secret:b }}", c: "{{ secret:c }}" }`,
  );

  const failure = await resolveSecrets(namespace, {
    providers: [
      { kind: "env", prefix: "P_" },
      { kind: "files", directory },
    ],
    env: { P_C: "hunter2" },
  }).catch(String);

  expect(failure).toBe(
    `PrismError: namespace "a" lacks secrets: ` +
      `no secret "a": looked in the environment variable P_A, the file ${directory}/a (not there); ` +
      `no secret "b": looked in the environment variable P_B, the file ${directory}/b (it is a directory). ` +
      `Put it in one of these places; it is looked up again at the next start.`,
  );
});

test("an empty file, or variable, is no secret: whoever writes it was stopped half-way", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "a"), "\n");
  const namespace = namespaceOf(`backend: memory, config: { a: "{{ secret:a }}" }`);

  const failure = resolveSecrets(namespace, {
    providers: [
      { kind: "env", prefix: "P_" },
      { kind: "files", directory },
    ],
    env: { P_A: "" },
  });

  await expect(failure).rejects.toThrow(
    `looked in the environment variable P_A (empty), the file ${directory}/a (empty)`,
  );
});

test("a file that is no UTF-8 is no secret: it would become another one", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "key"), Buffer.from([0x70, 0xe9]));
  const namespace = namespaceOf(`backend: memory, config: { a: "{{ secret:key }}" }`);

  const resolving = resolveSecrets(namespace, { providers: [{ kind: "files", directory }], env: {} });

  await expect(resolving).rejects.toThrow(`the file ${join(directory, "key")} (no UTF-8 text)`);
});

test("a secret's name cannot lead out of the directory of secrets", () => {
  expect(() => namespaceOf(`backend: memory, config: { a: "{{ secret:../../etc/passwd }}" }`)).toThrow(
    "expected {{ secret:name }}, got something like it",
  );
});

test("a secret among a command's arguments is refused, as every user of the machine reads those in ps", () => {
  const yaml = `backend: x, plugin: { command: [/bin/sh, "--key={{secret:key}}"] }`;

  expect(() => namespaceOf(yaml)).toThrow(
    /namespaces\.0\.plugin\.command\.1: a secret among arguments stands in `ps` for every user of the machine; put it in plugin\.env or credentials/,
  );
});
