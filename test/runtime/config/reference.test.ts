import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { problemsOf, loadYaml } from "./load-yaml.js";
import { temporaryDirectory } from "./temporary-directory.js";

test("the reference page's every key is known: it works, or is refused as not available yet", async () => {
  const problems = await problemsOf(await fixture("prism.reference.yaml"));

  const refused = problems.filter((problem) => problem.includes("not available yet: "));
  expect(refused.map((problem) => problem.split(" ")[1])).toEqual([
    "auth.jwt:",
    "auth.mtls:",
    "auth.admins:",
    "secrets.2.vault:",
    "audit:",
    "namespaces.0.plugin.version:",
    "namespaces.0.plugin.tls:",
    "namespaces.0.plugin.resources:",
    "namespaces.0.access:",
    "namespaces.0.breaker:",
  ]);
  expect(problems.filter((problem) => !refused.includes(problem))).toEqual([
    'prism.yaml:53:14 plugins.0.library: no library "./libmy_backend.so": looked for DIR/libmy_backend.so; put it there or give its path',
    'prism.yaml:55:14 plugins.1.command: no program "python3": looked for /nowhere/bin/python3; install it or give its path',
  ]);
});

test("the RFC's namespaces load, but for the library that is not there", async () => {
  const problems = await problemsOf(await fixture("rfc-008-namespaces.yaml"));

  expect(problems).toEqual([
    'prism.yaml:7:16 namespaces.0.plugin.library: no library "libprism_postgres_plugin.so": looked for DIR/libprism_postgres_plugin.so; put it there or give its path',
  ]);
});

test("the RFC's attached sidecar is taken as it stands", async () => {
  const yaml = await fixture("rfc-008-namespaces.yaml");
  const attached = yaml.replace(/ {2}- name: user-profiles.*?(?= {2}- name: event-stream)/s, "");

  const { namespaces } = await loadYaml(attached);

  expect(namespaces).toMatchObject([
    {
      name: "event-stream",
      backend: "kafka",
      plugin: { channel: "sidecar", code: { kind: "attached", socket: "/var/run/plugins/kafka.sock" } },
      config: { brokers: ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"], topic_prefix: "prism_" },
      credentials: { sasl_password: "{{ secret:kafka_password }}" },
    },
  ]);
});

test("the RFC's native library, once it is there, is refused as not available yet", async () => {
  const directory = temporaryDirectory();
  await writeFile(join(directory, "libprism_postgres_plugin.so"), "");

  const failure = await loadYaml(await fixture("rfc-008-namespaces.yaml"), { directory }).catch(String);

  expect(failure).toBe(
    "ConfigProblems: prism.yaml:7:16 namespaces.0.plugin.library: not available yet: .so libraries; only .js is loaded",
  );
});

test("the RFC's registered plugin is known, but for the library that is not there", async () => {
  const problems = await problemsOf(await fixture("rfc-008-plugins.yaml"));

  expect(problems).toEqual([
    'prism.yaml:4:14 plugins.0.library: no library "/path/to/libmy_backend_plugin.so": looked for /path/to/libmy_backend_plugin.so; put it there or give its path',
  ]);
});

test("the RFC's remote plugin is known in the RFC's spelling, and not available yet", async () => {
  const problems = await problemsOf(await fixture("rfc-008-remote.yaml"));

  expect(problems).toEqual([
    "prism.yaml:6:7 namespaces.0.plugin.type: not available yet: remote plugins",
    "prism.yaml:7:7 namespaces.0.plugin.endpoint: not available yet: remote plugins",
    "prism.yaml:8:7 namespaces.0.plugin.tls: not available yet: remote plugins",
  ]);
});

test("a later key whose value asks for nothing is taken", async () => {
  const { namespaces } = await loadYaml(`
server: { plugins_dir: plugins, admin_tls: {} }
auth: { mode: none, jwt: [], admins: [] }
telemetry: { tracing: { otlp: "", sample: 0.01 } }
namespaces:
  - name: a
    backend: memory
    plugin: { type: sidecar, endpoint: "", replicas: 1, network: any, tls: { enabled: false }, resources: {} }
    limits: { calls_per_second: 0, burst: 0, in_flight: 0, bytes_in_flight: 0 }
    retry: { attempts: 1, budget: 0.1 }
    shadow: { to: "", sample: 1.0, compare: true }
    needs: {}
`);

  expect(namespaces).toHaveLength(1);
});

test("a later key whose value asks for something is refused, also where the value itself is wrong", async () => {
  const problems = await problemsOf(`
server: { plugins_dir: store }
telemetry: { tracing: { otlp: "http://localhost:4318" } }
namespaces:
  - name: a
    backend: memory
    plugin: { replicas: 2, network: none }
    limits: { in_flight: 5 }
    retry: { attempts: 3 }
    shadow: { to: b }
    needs: { durable: true }
    access: [{ principals: ["*"], allow: read }]
`);

  expect(problems.map((problem) => problem.split(" ").slice(1, 5).join(" "))).toEqual([
    "server.plugins_dir: not available yet:",
    "telemetry.tracing: not available yet:",
    "namespaces.0.plugin.replicas: not available yet:",
    "namespaces.0.plugin.network: not available yet:",
    "namespaces.0.limits: not available yet:",
    "namespaces.0.retry: not available yet:",
    "namespaces.0.shadow: not available yet:",
    "namespaces.0.needs: not available yet:",
    "namespaces.0.access: not available yet:",
    "namespaces.0.access.0.allow: expected a list,",
  ]);
});

async function fixture(name: string): Promise<string> {
  return await readFile(new URL(`../../fixtures/config/${name}`, import.meta.url), "utf8");
}
