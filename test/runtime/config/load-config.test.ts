import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/runtime/config/index.js";
import { loadYaml, problemsOf } from "./load-yaml.js";
import { temporaryDirectory } from "./temporary-directory.js";

test("without a file there is one namespace, default, on SQLite in a process of its own", async () => {
  const cwd = temporaryDirectory();

  const config = await loadConfig({ env: {}, cwd });

  expect(config.file).toBeUndefined();
  expect(config.server).toMatchObject({
    listen: [{ kind: "tcp", host: "127.0.0.1", port: 50051, text: "127.0.0.1:50051" }],
    admin: { kind: "tcp", host: "127.0.0.1", port: 50052, text: "127.0.0.1:50052" },
    stateDirectory: join(cwd, ".prism"),
    drainMs: 30_000,
    cors: { origins: [], maxAgeMs: 600_000, credentials: false },
    limits: { connections: 10_000, streamsPerConnection: 1_000, headerBytes: 65_536, messageBytes: 0 },
  });
  expect(config.server.proxies).toBeGreaterThanOrEqual(1);
  expect(config.namespaces).toMatchObject([
    { name: "default", backend: "sqlite", plugin: { channel: "sidecar" }, owner: { kind: "default" } },
  ]);
});

test("prism.yaml in the working directory is loaded without being named", async () => {
  const cwd = temporaryDirectory();
  await writeFile(join(cwd, "prism.yaml"), "namespaces:\n  - name: a\n    backend: memory\n");

  const config = await loadConfig({ env: {}, cwd });

  expect(config.file).toBe(join(cwd, "prism.yaml"));
  expect(config.namespaces.map(({ name, owner }) => ({ name, owner }))).toEqual([
    { name: "a", owner: { kind: "file", file: join(cwd, "prism.yaml"), line: 2 } },
  ]);
});

test("a file that declares no namespaces serves the default one, and an empty list serves none", async () => {
  const silent = await loadYaml("server: { proxies: 2 }\nnamespaces:\n");
  const none = await loadYaml("namespaces: []\n");

  expect(silent.namespaces.map(({ name, owner }) => [name, owner.kind])).toEqual([["default", "default"]]);
  expect(none.namespaces).toEqual([]);
});

test("pages may be of any origin that browsers write", async () => {
  const origins = [
    "https://app.example.com",
    "http://localhost:5173",
    "http://[::1]:8080",
    "chrome-extension://abc",
  ];

  const { server } = await loadYaml(
    `server: { cors: { origins: ${JSON.stringify(origins)}, max_age_ms: 1h } }\n`,
  );

  expect(server.cors).toEqual({ origins, maxAgeMs: 3_600_000, credentials: false });
});

test("what the command line says goes before the file, and is held to the same rules", async () => {
  const cwd = temporaryDirectory();
  await writeFile(join(cwd, "prism.yaml"), "server: { listen: 127.0.0.1:7000, proxies: 2, drain_ms: 5s }\n");
  const overrides = { listen: ["127.0.0.1:8000"], proxies: 0 };

  const { server } = await loadConfig({ env: {}, cwd, overrides });
  const wrong = loadConfig({ env: {}, cwd, overrides: { admin: "0.0.0.0:50052", proxies: -1 } });

  expect(server).toMatchObject({ listen: [{ text: "127.0.0.1:8000" }], proxies: 0, drainMs: 5_000 });
  await expect(wrong).rejects.toThrow(/^--admin: expected a loopback .*\n--proxies: expected auto/);
});

test("the command line may listen beyond this machine where the file has TLS and says that it is meant", async () => {
  const cwd = temporaryDirectory();
  const tls =
    "server: { tls: { cert: a.pem, key: /keys/a.key, client_ca: ca.pem, client_auth: required } }\n";
  await writeFile(join(cwd, "prism.yaml"), `${tls}auth: { insecure: true }\n`);
  await writeFile(join(cwd, "closed.yaml"), tls);
  const overrides = { listen: ["0.0.0.0:8000"] };

  const { server } = await loadConfig({ env: {}, cwd, overrides });
  const closed = loadConfig({ file: "closed.yaml", env: {}, cwd, overrides });

  expect(server).toMatchObject({
    listen: [{ text: "0.0.0.0:8000" }],
    tls: {
      cert: join(cwd, "a.pem"),
      key: "/keys/a.key",
      clientCa: join(cwd, "ca.pem"),
      clientAuth: "required",
    },
  });
  await expect(closed).rejects.toThrow(/^--listen: .*auth\.insecure: true/);
});

test("a problem of what an environment variable says is told by the variable's name", async () => {
  const request = { env: {}, cwd: temporaryDirectory(), overrides: { listen: ["foo"], state_dir: "" } };

  const wrong = loadConfig({ ...request, variables: { listen: "PRISM_LISTEN" } });

  await expect(wrong).rejects.toThrow(/^PRISM_LISTEN: expected .*\n--state-dir: expected /);
});

test("empty sections have their defaults", async () => {
  const config = await loadYaml(
    "server:\nauth:\nsecrets:\ntelemetry:\n  log:\nplugins:\nnamespaces:\n" +
      "  - name: a\n    backend: memory\n    plugin:\n    config:\n    credentials:\n    limits:\n    breaker:\n",
  );

  expect(config.log).toEqual({ level: "info", format: "auto" });
  expect(config.secrets).toEqual([
    { kind: "env", prefix: "PRISM_SECRET_" },
    { kind: "files", directory: "/run/secrets" },
  ]);
  expect(config.namespaces).toMatchObject([{ name: "a", config: {}, credentials: {} }]);
});

test("every setting that works reaches the runtime, in its own units", async () => {
  const directory = temporaryDirectory();

  const config = await loadYaml(
    `
server:
  listen: ["[::1]:0", localhost:7000, "unix:run/prism.sock"]
  admin: unix:/run/prism-admin.sock
  proxies: 0
  state_dir: state
  drain_ms: 1m
  default_namespace: a
  tls: { cert: a.pem, key: a.key }
  proxy_protocol: [10.0.0.0/8, "fd00::/8", 192.0.2.1, unix]
  limits: { connections: 5, streams_per_connection: 6, header_bytes: 16KiB, message_bytes: 4 MiB }
secrets: [{ files: keys }, { env: MY_ }]
telemetry: { log: { level: debug, format: json } }
namespaces:
  - name: a
    backend: memory
    plugin:
      type: in_process
      env: { MODE: fast }
      services: [acme.billing.v1.Invoices]
      start_timeout_ms: 5s
      health: { interval_ms: 2s, timeout_ms: 100, unhealthy_after: 2 }
      restart: { backoff_ms: 10, max_backoff_ms: 1s, loop: 3/10s }
    config: { size: 5, names: [a, null, 0.5], on: true }
    credentials: { user: ann }
    deadline_ms: 500ms
`,
    { directory, env: { PATH: "" } },
  );

  expect(config.server).toMatchObject({
    listen: [
      { host: "::1", port: 0 },
      { host: "localhost", port: 7000 },
      { kind: "unix", path: join(directory, "run/prism.sock") },
    ],
    admin: { kind: "unix", path: "/run/prism-admin.sock" },
    proxies: 0,
    stateDirectory: join(directory, "state"),
    drainMs: 60_000,
    defaultNamespace: "a",
    tls: { cert: join(directory, "a.pem"), key: join(directory, "a.key"), clientAuth: "none" },
    proxyProtocol: ["10.0.0.0/8", "fd00::/8", "192.0.2.1", "unix"],
    limits: { connections: 5, streamsPerConnection: 6, headerBytes: 16_384, messageBytes: 4 * 1024 ** 2 },
  });
  expect(config.log).toEqual({ level: "debug", format: "json" });
  expect(config.secrets).toEqual([
    { kind: "files", directory: join(directory, "keys") },
    { kind: "env", prefix: "MY_" },
  ]);
  expect(config.namespaces).toMatchObject([
    {
      plugin: {
        channel: "in_process",
        env: { MODE: "fast" },
        services: ["acme.billing.v1.Invoices"],
        startTimeoutMs: 5_000,
        health: { intervalMs: 2_000, timeoutMs: 100, unhealthyAfter: 2 },
        restart: { backoffMs: 10, maxBackoffMs: 1_000, loop: { falls: 3, withinMs: 10_000 } },
      },
      config: { size: 5, names: ["a", null, 0.5], on: true },
      credentials: { user: "ann" },
      deadlineMs: 500,
    },
  ]);
});

test("an anchor saves writing things twice", async () => {
  const config = await loadYaml(`
namespaces:
  - { name: a, backend: memory, plugin: &quick { health: { interval_ms: 1s } } }
  - { name: b, backend: memory, plugin: *quick }
`);

  expect(config.namespaces.map(({ plugin }) => plugin.health.intervalMs)).toEqual([1_000, 1_000]);
});

test("backend names an entry under plugins: before a built-in, and the entry's home is the namespace's", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "mine.js"), "");

  const { namespaces } = await loadYaml(
    `
plugins:
  - { name: memory, library: mine.js, type: in_process }
  - { name: shell, command: [/bin/sh, -c, "exit 1"] }
namespaces:
  - { name: a, backend: memory }
  - { name: b, backend: memory, plugin: { type: sidecar } }
  - { name: c, backend: shell }
  - { name: d, backend: sqlite }
`,
    { directory },
  );

  expect(namespaces.map(({ plugin }) => [plugin.channel, plugin.code])).toEqual([
    ["in_process", { kind: "module", file: join(directory, "mine.js") }],
    ["sidecar", { kind: "module", file: join(directory, "mine.js") }],
    ["sidecar", { kind: "command", command: ["/bin/sh", "-c", "exit 1"], cwd: directory }],
    [
      "sidecar",
      { kind: "module", file: expect.stringMatching(/\/dist\/plugins\/sqlite\/index\.js$/) as string },
    ],
  ]);
});

test("a namespace's own command, library or socket comes before what backend names", async () => {
  const directory = temporaryDirectory();
  await mkdir(join(directory, "bin"));
  await writeFile(join(directory, "bin/serve-it"), "#!/bin/sh\n");
  await chmod(join(directory, "bin/serve-it"), 0o755);
  await writeFile(join(directory, "mine.mjs"), "");

  const { namespaces } = await loadYaml(
    `
namespaces:
  - { name: a, backend: kafka, plugin: { command: [serve-it, --fast] } }
  - { name: b, backend: kafka, plugin: { command: [bin/serve-it] } }
  - { name: c, backend: sqlite, plugin: { library: mine.mjs } }
  - { name: d, backend: kafka, plugin: { socket: run/kafka.sock, token: t0ken } }
`,
    { directory, env: { PATH: `/nowhere:${join(directory, "bin")}` } },
  );

  const program = join(directory, "bin/serve-it");
  expect(namespaces.map(({ plugin }) => plugin.code)).toEqual([
    { kind: "command", command: [program, "--fast"], cwd: directory },
    { kind: "command", command: [program], cwd: directory },
    { kind: "module", file: join(directory, "mine.mjs") },
    { kind: "attached", socket: join(directory, "run/kafka.sock") },
  ]);
  expect(namespaces[3]?.plugin.token).toBe("t0ken");
});

test("a library that is there, but of a kind that cannot be loaded yet, is refused and not ignored", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "a.so"), "");
  await writeFile(join(directory, "a.wasm"), "");
  await writeFile(join(directory, "a.txt"), "");
  const yaml = ["a.so", "a.wasm", "a.txt"]
    .map((file) => `  - { name: x${file[2]}, library: ${file} }\n`)
    .join("");

  const failure = await loadYaml(`plugins:\n${yaml}`, { directory }).catch(String);

  expect(failure).toContain("plugins.0.library: not available yet: .so libraries; only .js is loaded");
  expect(failure).toContain("plugins.1.library: not available yet: .wasm libraries; only .js is loaded");
  expect(failure).toContain('plugins.2.library: expected a .js library, got "a.txt"');
});

test("a program that may not be executed says what to do", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "serve-it"), "#!/bin/sh\n", { mode: 0o644 });

  const failure = await loadYaml("plugins: [{ name: p, command: [./serve-it] }]\n", { directory }).catch(
    String,
  );

  expect(failure).toContain(`${join(directory, "serve-it")} may not be executed; run chmod +x on it`);
});

test("a namespace whose plugin is wrong is not told that its plugin is missing", async () => {
  const problems = await problemsOf(
    "plugins: [{ name: p, comand: [x] }]\nnamespaces: [{ name: a, backend: p }]\n",
  );

  expect(problems).toEqual(["prism.yaml:1:22 plugins.0.comand: unknown key; did you mean command?"]);
});
