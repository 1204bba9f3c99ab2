import { expect, test } from "vitest";
import { problemsOf } from "./load-yaml.js";

interface BadFile {
  readonly file: string;
  readonly yaml: string;
  readonly told: readonly string[];
}

const badFiles: readonly BadFile[] = [
  {
    file: "text where a mapping should be",
    yaml: "hello\n",
    told: ['prism.yaml:1:1 expected a mapping, got "hello"'],
  },
  {
    file: "a tab, and a list that is out of line",
    yaml: "namespaces:\n  - name: a\n   backend: b\n\tc: d\n",
    told: [
      "prism.yaml:3:1 not valid YAML: Sequence item without - indicator",
      "prism.yaml:4:1 not valid YAML: Tabs are not allowed as indentation",
    ],
  },
  {
    file: "a quote that is never closed",
    yaml: 'server:\n  state_dir: "data\n',
    told: ['prism.yaml:3:1 not valid YAML: Missing closing "quote'],
  },
  {
    file: "two documents",
    yaml: "server: {}\n---\nserver: {}\n",
    told: ["prism.yaml:2:1 not valid YAML: expected one document, got several parted by ---"],
  },
  {
    file: "a misspelled section",
    yaml: "namespace:\n  - { name: a, backend: memory }\n",
    told: ["prism.yaml:1:1 namespace: unknown key; did you mean namespaces?"],
  },
  {
    file: "misspelled keys deep down",
    yaml: "server: { drian_ms: 5, limits: { message-bytes: 5 } }\nnamespaces:\n  - name: a\n    backend: memory\n    plugin: { health: { intervall_ms: 5 } }\n    poolsize: 4\n",
    told: [
      "prism.yaml:1:11 server.drian_ms: unknown key; did you mean drain_ms?",
      "prism.yaml:1:34 server.limits.message-bytes: unknown key; did you mean message_bytes?",
      "prism.yaml:5:25 namespaces.0.plugin.health.intervall_ms: unknown key; did you mean interval_ms?",
      "prism.yaml:6:5 namespaces.0.poolsize: unknown key; known: name, backend, plugin, config, credentials, access, limits, deadline_ms, breaker, retry, shadow, needs",
    ],
  },
  {
    file: "a key that stands twice",
    yaml: "server: {}\nplugins: []\nserver: {}\n",
    told: ["prism.yaml:3:1 server: stands twice, first in line 1"],
  },
  {
    file: "a namespace without a name, and one without a backend",
    yaml: "namespaces:\n  - backend: memory\n  - name: a\n",
    told: [
      "prism.yaml:2:5 namespaces.0.name: expected a name of a-z, 0-9 and '-', at most 63, beginning with a letter, got nothing",
      "prism.yaml:3:5 namespaces.1.backend: expected the name of a plugin or a built-in backend, got nothing",
    ],
  },
  {
    file: "services that no plugin can have, and a default namespace that cannot be",
    yaml: "server: { default_namespace: My Orders }\nnamespaces:\n  - { name: a, backend: memory, plugin: { services: [acme/B, prism.data.v1.Data] } }\n",
    told: [
      "prism.yaml:1:30 server.default_namespace: expected a name of a-z, 0-9 and '-', at most 63, beginning with a letter, got \"My Orders\"",
      'prism.yaml:3:54 namespaces.0.plugin.services.0: expected a service\'s full name such as acme.billing.v1.Invoices, at most 255, and not under prism., got "acme/B"',
      'prism.yaml:3:62 namespaces.0.plugin.services.1: expected a service\'s full name such as acme.billing.v1.Invoices, at most 255, and not under prism., got "prism.data.v1.Data"',
    ],
  },
  {
    file: "names that no namespace can have",
    yaml: "namespaces:\n  - { name: Orders, backend: memory }\n  - { name: 9lives, backend: memory }\n  - { name: 5, backend: memory }\n",
    told: [
      "prism.yaml:2:13 namespaces.0.name: expected a name of a-z, 0-9 and '-', at most 63, beginning with a letter, got \"Orders\"",
      "prism.yaml:3:13 namespaces.1.name: expected a name of a-z, 0-9 and '-', at most 63, beginning with a letter, got \"9lives\"",
      "prism.yaml:4:13 namespaces.2.name: expected a name of a-z, 0-9 and '-', at most 63, beginning with a letter, got 5",
    ],
  },
  {
    file: "two namespaces of one name, and two plugins of one name",
    yaml: "plugins:\n  - { name: p, command: [/bin/sh] }\n  - { name: p, command: [/bin/sh] }\nnamespaces:\n  - { name: a, backend: memory }\n  - { name: a, backend: sqlite }\n",
    told: [
      'prism.yaml:3:13 plugins.1.name: "p" stands twice, first in line 2',
      'prism.yaml:6:13 namespaces.1.name: "a" stands twice, first in line 5',
    ],
  },
  {
    file: "a home that is nearly one",
    yaml: "namespaces:\n  - { name: a, backend: memory, plugin: { type: in-process } }\n",
    told: [
      'prism.yaml:2:49 namespaces.0.plugin.type: expected in_process | sidecar | remote | grpc, got "in-process"; did you mean in_process?',
    ],
  },
  {
    file: "times that are none",
    yaml: "server: { drain_ms: soon }\nnamespaces:\n  - name: a\n    backend: memory\n    deadline_ms: -1\n    plugin: { start_timeout_ms: 0, restart: { backoff_ms: 1.5, max_backoff_ms: 30 s 5, loop: 5 } }\n",
    told: [
      'prism.yaml:1:21 server.drain_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), got "soon"',
      "prism.yaml:5:18 namespaces.0.deadline_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), got -1",
      "prism.yaml:6:33 namespaces.0.plugin.start_timeout_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), at least 1 ms, got 0",
      "prism.yaml:6:59 namespaces.0.plugin.restart.backoff_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), got 1.5",
      'prism.yaml:6:80 namespaces.0.plugin.restart.max_backoff_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), got "30 s 5"',
      "prism.yaml:6:94 namespaces.0.plugin.restart.loop: expected a count and a time, such as 5/60s, got 5",
    ],
  },
  {
    file: "a time that no timer can wait",
    yaml: "server: { drain_ms: 25d }\n",
    told: [
      'prism.yaml:1:21 server.drain_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), got "25d"',
    ],
  },
  {
    file: "origins that no browser writes so",
    yaml: 'server:\n  cors:\n    origins: ["https://app.example.com/", app.example.com, "https://a.example:443", "http://A.example", "null"]\n',
    told: [
      'prism.yaml:3:15 server.cors.origins.0: expected "*", or an origin as browsers write it, such as https://app.example.com, got "https://app.example.com/"',
      'prism.yaml:3:43 server.cors.origins.1: expected "*", or an origin as browsers write it, such as https://app.example.com, got "app.example.com"',
      'prism.yaml:3:60 server.cors.origins.2: expected "*", or an origin as browsers write it, such as https://app.example.com, got "https://a.example:443"',
      'prism.yaml:3:85 server.cors.origins.3: expected "*", or an origin as browsers write it, such as https://app.example.com, got "http://A.example"',
      'prism.yaml:3:105 server.cors.origins.4: expected "*", or an origin as browsers write it, such as https://app.example.com, got "null"',
    ],
  },
  {
    file: "credentials for every page there is",
    yaml: 'server: { cors: { origins: ["*"], credentials: true } }\n',
    told: [
      'prism.yaml:1:48 server.cors.credentials: expected false where origins has "*": list the origins that may use credentials',
    ],
  },
  {
    file: "sizes that are none",
    yaml: "server: { limits: { header_bytes: 64KB, message_bytes: -1 } }\n",
    told: [
      'prism.yaml:1:35 server.limits.header_bytes: expected a size such as 512KiB, 64MiB or 4096 (bytes), at least 1024, at most 16777216, got "64KB"',
      "prism.yaml:1:56 server.limits.message_bytes: expected a size such as 512KiB, 64MiB or 4096 (bytes), got -1",
    ],
  },
  {
    file: "numbers that are none",
    yaml: 'server: { proxies: many, limits: { connections: "10", streams_per_connection: 0 } }\n',
    told: [
      'prism.yaml:1:20 server.proxies: expected auto, or a whole number from 0 to 256, got "many"',
      'prism.yaml:1:49 server.limits.connections: expected a whole number from 1 to 2147483647, got "10"',
      "prism.yaml:1:79 server.limits.streams_per_connection: expected a whole number from 1 to 2147483647, got 0",
    ],
  },
  {
    file: "addresses that are none",
    yaml: 'server:\n  listen: [50051, "localhost", "[::1::5]:80", "127.0.0.1:70000", "unix:"]\n  admin: []\n',
    told: [
      "prism.yaml:2:12 server.listen.0: expected host:port, [::1]:port or unix:/path, got 50051",
      'prism.yaml:2:19 server.listen.1: expected host:port, [::1]:port or unix:/path, got "localhost"',
      'prism.yaml:2:32 server.listen.2: expected host:port, [::1]:port or unix:/path, got "[::1::5]:80"',
      'prism.yaml:2:47 server.listen.3: expected host:port, [::1]:port or unix:/path, got "127.0.0.1:70000"',
      'prism.yaml:2:66 server.listen.4: expected host:port, [::1]:port or unix:/path, got "unix:"',
      "prism.yaml:3:10 server.admin: expected host:port, [::1]:port or unix:/path, got an empty list",
    ],
  },
  {
    file: "TLS for the whole world, and nobody said that it is meant",
    yaml: "server: { listen: 0.0.0.0:50051, tls: { cert: a.pem, key: a.key } }\n",
    told: [
      'prism.yaml:1:19 server.listen: expected a loopback address or a Unix socket, as whoever reaches it may call (auth.mode: none); auth.insecure: true says that this is meant, got "0.0.0.0:50051"',
    ],
  },
  {
    file: "an operators' port for the whole world, although TLS and openness are meant",
    yaml: "server: { admin: 0.0.0.0:50052, tls: { cert: a.pem, key: a.key } }\nauth: { insecure: true }\n",
    told: [
      'prism.yaml:1:18 server.admin: expected a loopback address or a Unix socket, as admin_tls is not available yet, got "0.0.0.0:50052"',
    ],
  },
  {
    file: "clients' certificates with nobody to vouch for them",
    yaml: "server: { tls: { cert: a.pem, key: a.key, client_auth: required } }\n",
    told: [
      "prism.yaml:1:56 server.tls.client_auth: required needs client_ca, a file with who signs clients' certificates",
    ],
  },
  {
    file: "load balancers that are no addresses",
    yaml: "server: { proxy_protocol: [true, lb.example, 10.0.0.0/33, 10.0.0.1/24/8, fe80::1%eth0] }\n",
    told: [
      "prism.yaml:1:28 server.proxy_protocol.0: expected an address, a network such as 10.0.0.0/8, or unix, got true",
      'prism.yaml:1:34 server.proxy_protocol.1: expected an address, a network such as 10.0.0.0/8, or unix, got "lb.example"',
      'prism.yaml:1:46 server.proxy_protocol.2: expected an address, a network such as 10.0.0.0/8, or unix, got "10.0.0.0/33"',
      'prism.yaml:1:59 server.proxy_protocol.3: expected an address, a network such as 10.0.0.0/8, or unix, got "10.0.0.1/24/8"',
      'prism.yaml:1:74 server.proxy_protocol.4: expected an address, a network such as 10.0.0.0/8, or unix, got "fe80::1%eth0"',
    ],
  },
  {
    file: "addresses that the whole world reaches, without TLS",
    yaml: "server: { listen: 0.0.0.0:50051, admin: '[::]:50052' }\n",
    told: [
      'prism.yaml:1:19 server.listen: expected a loopback address or a Unix socket, as there is no server.tls, got "0.0.0.0:50051"',
      'prism.yaml:1:41 server.admin: expected a loopback address or a Unix socket, as admin_tls is not available yet, got "[::]:50052"',
    ],
  },
  {
    file: "one address for two purposes",
    yaml: "server: { listen: [127.0.0.1:7000, unix:a.sock], admin: unix:./a.sock }\n",
    told: ['prism.yaml:1:57 server.admin: "unix:./a.sock" is taken by server.listen.1'],
  },
  {
    file: "a backend that nobody serves",
    yaml: "plugins: [{ name: orders-db, command: [/bin/sh] }]\nnamespaces:\n  - { name: a, backend: postgre }\n  - { name: b, backend: order-db }\n  - { name: c, backend: kafka }\n",
    told: [
      'prism.yaml:3:25 namespaces.0.backend: no plugin "postgre": looked under plugins: (orders-db) and among the built-ins (sqlite, memory, postgres); did you mean postgres?',
      'prism.yaml:4:25 namespaces.1.backend: no plugin "order-db": looked under plugins: (orders-db) and among the built-ins (sqlite, memory, postgres); did you mean orders-db?',
      "prism.yaml:5:25 namespaces.2.backend: not available yet: the built-in backend kafka; name a plugin's own command, library or socket",
    ],
  },
  {
    file: "a program and libraries that are not there",
    yaml: "namespaces:\n  - { name: a, backend: x, plugin: { command: [my-plugin] } }\n  - { name: b, backend: x, plugin: { command: [./my-plugin] } }\n  - { name: c, backend: x, plugin: { library: lib/x.so } }\n",
    told: [
      'prism.yaml:2:47 namespaces.0.plugin.command: no program "my-plugin": looked for /nowhere/bin/my-plugin; install it or give its path',
      'prism.yaml:3:47 namespaces.1.plugin.command: no program "./my-plugin": looked for DIR/my-plugin; install it or give its path',
      'prism.yaml:4:47 namespaces.2.plugin.library: no library "lib/x.so": looked for DIR/lib/x.so; put it there or give its path',
    ],
  },
  {
    file: "code of two kinds, or of none",
    yaml: "plugins:\n  - { name: p }\n  - { name: q, library: q.js, command: [/bin/sh] }\nnamespaces:\n  - { name: a, backend: x, plugin: { command: [/bin/sh], socket: a.sock } }\n",
    told: [
      "prism.yaml:2:5 plugins.0: expected a `library` or a `command`, got neither",
      "prism.yaml:3:25 plugins.1.library: expected only one of command, library",
      "prism.yaml:5:66 namespaces.0.plugin.socket: expected only one of command, socket",
    ],
  },
  {
    file: "homes that the code cannot live in",
    yaml: "plugins: [{ name: p, command: [/bin/sh] }]\nnamespaces:\n  - { name: a, backend: p, plugin: { type: in_process } }\n  - { name: b, backend: x, plugin: { type: in_process, socket: a.sock } }\n",
    told: [
      'prism.yaml:3:44 namespaces.0.plugin.type: in_process takes a .js library, and "p" is a command; use sidecar',
      "prism.yaml:4:44 namespaces.1.plugin.type: in_process takes a .js library, not a socket; use sidecar",
    ],
  },
  {
    file: "a token for a plugin that gets its own",
    yaml: "namespaces:\n  - { name: a, backend: memory, plugin: { token: t0ken } }\n",
    told: [
      "prism.yaml:2:50 namespaces.0.plugin.token: a token is for an attached plugin (`socket`); one that Prism starts gets a fresh one each time",
    ],
  },
  {
    file: "credentials and variables that are no text",
    yaml: "namespaces:\n  - name: a\n    backend: memory\n    credentials: { password: 123456 }\n    plugin: { env: { PORT: 80, 9X: y, PRISM_PLUGIN_TOKEN: mine } }\n",
    told: [
      "prism.yaml:4:30 namespaces.0.credentials.password: expected text (put numbers, true and false in quotes), got a number",
      "prism.yaml:5:28 namespaces.0.plugin.env.PORT: expected text (put numbers, true and false in quotes), got a number",
      'prism.yaml:5:32 namespaces.0.plugin.env.9X: expected a variable\'s name that Prism does not set itself, got "9X"',
      'prism.yaml:5:39 namespaces.0.plugin.env.PRISM_PLUGIN_TOKEN: expected a variable\'s name that Prism does not set itself, got "PRISM_PLUGIN_TOKEN"',
    ],
  },
  {
    file: "secrets that are written or placed wrongly",
    yaml: 'server: { state_dir: "/data/{{ secret:tenant }}" }\nnamespaces:\n  - name: a\n    backend: memory\n    credentials: { user: "{{secret:user}}", password: "{{ secrets:password }}" }\n',
    told: [
      "prism.yaml:1:22 server.state_dir: a secret may stand in a namespace's config, credentials, plugin.env and plugin.token",
      "prism.yaml:5:55 namespaces.0.credentials.password: expected {{ secret:name }}, got something like it",
    ],
  },
  {
    file: "places for secrets that are none, or two",
    yaml: "secrets:\n  - {}\n  - { env: A_, files: /run/secrets }\n  - { file: /run/secrets }\n",
    told: [
      "prism.yaml:2:5 secrets.0: expected one of env, files, vault, got nothing",
      "prism.yaml:3:5 secrets.1: expected one of env, files, vault, got env, files",
      "prism.yaml:4:7 secrets.2.file: unknown key; did you mean files?",
    ],
  },
  {
    file: "a back-off that begins beyond its end",
    yaml: "namespaces:\n  - { name: a, backend: memory, plugin: { restart: { backoff_ms: 1m } } }\n",
    told: [
      "prism.yaml:2:66 namespaces.0.plugin.restart.backoff_ms: expected backoff_ms ≤ max_backoff_ms, got 60000 > 30000",
    ],
  },
  {
    file: "numbers that YAML would bend, and values that are none of ours",
    yaml: "namespaces:\n  - name: a\n    backend: memory\n    config: { account: 12345678901234567890, rate: .inf, __proto__: { admin: true } }\n    credentials: { password: *hunter2 }\n",
    told: [
      "prism.yaml:4:24 namespaces.0.config.account: a number that cannot be kept exactly; put it in quotes",
      "prism.yaml:4:52 namespaces.0.config.rate: a number that cannot be kept exactly; put it in quotes",
      "prism.yaml:4:58 namespaces.0.config.__proto__: a key of this name is never taken",
      "prism.yaml:5:30 namespaces.0.credentials.password: an alias (*…) without its anchor; put text that begins with * in quotes",
    ],
  },
  {
    file: "everything at once: shape, later keys, and what only two keys together tell",
    yaml: "server: { listen: 0.0.0.0:1, tls: { crt: a.pem } }\nauth: { mode: required }\nnamespaces:\n  - { name: a, backend: memory, deadline_ms: x, access: [] }\n  - { name: a, backend: redis }\n",
    told: [
      "prism.yaml:1:35 server.tls.cert: expected a path, got nothing",
      "prism.yaml:1:35 server.tls.key: expected a path, got nothing",
      "prism.yaml:1:37 server.tls.crt: unknown key; did you mean cert?",
      "prism.yaml:2:9 auth.mode: not available yet: authentication; only `none` works",
      'prism.yaml:4:46 namespaces.0.deadline_ms: expected a time of at most 24 days, such as 30s or 500 (milliseconds), got "x"',
      "prism.yaml:4:49 namespaces.0.access: not available yet: authorization; everyone who reaches `listen` has access",
      'prism.yaml:5:13 namespaces.1.name: "a" stands twice, first in line 4',
      "prism.yaml:5:25 namespaces.1.backend: not available yet: the built-in backend redis; name a plugin's own command, library or socket",
    ],
  },
];

test.each(badFiles)("$file: every problem is told, with its place", async ({ yaml, told }) => {
  const problems = await problemsOf(yaml);

  expect(problems).toEqual(told);
});
