// `npm run conformance`: holds the clients' port of a running `prism serve`, plain and over TLS, and the server of the
// SDK, to every case of h2spec. Prints a table, and what h2spec says of each case that fails; then exits 1.
import { spawn, spawnSync } from "node:child_process";
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { h2spec } from "./h2spec.js";
import { install, root } from "./install.js";

const startMs = 30_000;
/** How long h2spec waits for an answer: long enough for a machine that is busy with other things. */
const answerSeconds = 10;
const runMs = 120_000;

/** What ends, in the reverse order of its beginning. */
const ends = [];

install();
const { status } = spawnSync(process.execPath, ["scripts/build.js"], { cwd: root, stdio: ["ignore", 2, 2] });
if (status !== 0) process.exit(1);

try {
  const program = h2spec();
  const directory = mkdtempSync(join(tmpdir(), "prism-h2spec-"));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  const results = [
    await hold(program, "prism serve", { port: await servePrism(directory) }),
    await hold(program, "prism serve, TLS", {
      port: await servePrism(directory, await certify(directory)),
      tls: true,
    }),
    await hold(program, "SDK server", { port: await servePlugin(directory) }),
  ];
  process.exitCode = tell(results) ? 0 : 1;
} catch (reason) {
  console.error(`conformance: ${reason.message}`);
  process.exitCode = 1;
} finally {
  for (const end of ends.reverse()) await end();
}

/** Writes a self-signed certificate and its key, and gives the `server.tls` that names them. */
async function certify(directory) {
  // Not above: these packages may be there only since install() has run.
  await import("reflect-metadata");
  const { PemConverter, X509CertificateGenerator } = await import("@peculiar/x509");
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm,
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  writeFileSync(join(directory, "server.pem"), certificate.toString("pem"));
  writeFileSync(join(directory, "server.key"), key, { mode: 0o600 });
  return { cert: "server.pem", key: "server.key" };
}

/** Starts `prism serve` with a state directory of its own, and gives the port for clients. */
async function servePrism(directory, tls = undefined) {
  const config = join(directory, "prism.yaml");
  const state = mkdtempSync(join(directory, "state-"));
  const server = { listen: "127.0.0.1:0", admin: "127.0.0.1:0", proxies: 1, state_dir: state, tls };
  const namespaces = [{ name: "default", backend: "memory" }];
  const telemetry = { log: { format: "json" } };
  writeFileSync(config, JSON.stringify({ server, telemetry, namespaces }));
  const child = start(["bin/run.js", "serve", "--config", config]);
  const { listen } = JSON.parse(await line(child, child.stderr, '"Prism serves"'));
  return Number(listen.split(":").at(-1));
}

/** Serves a built-in plugin by the SDK, and gives the port of a relay to its socket: h2spec knows no other. */
async function servePlugin(directory) {
  const env = { ...process.env, PLUGIN_SOCKET: join(directory, "plugin.sock") };
  const child = start(["dist/sdk/host.js", "dist/plugins/memory/index.js"], env);
  await line(child, child.stdout, "prism|");
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    const plugin = connect({ path: env.PLUGIN_SOCKET, allowHalfOpen: true });
    client.pipe(plugin).pipe(client);
    for (const [one, other] of [
      [client, plugin],
      [plugin, client],
    ])
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  ends.push(() => void relay.close());
  return relay.address().port;
}

/** Starts one of our programs; it ends with this one. */
function start(args, env = process.env) {
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["pipe", "pipe", "pipe"] });
  ends.push(async () => {
    if (child.exitCode !== null || !child.kill("SIGTERM")) return;
    await once(child, "exit");
  });
  return child;
}

/** The first line that holds a text; afterwards all that the program writes is passed over. */
async function line(child, stream, text) {
  const said = [];
  const deadline = setTimeout(() => child.kill("SIGKILL"), startMs);
  for (const other of [child.stdout, child.stderr]) if (other !== stream) other.resume();
  for await (const each of createInterface(stream)) {
    said.push(each);
    if (!each.includes(text)) continue;
    clearTimeout(deadline);
    stream.resume();
    return each;
  }
  clearTimeout(deadline);
  throw new Error(`${child.spawnargs.slice(1, 3).join(" ")} did not start:\n${said.join("\n")}`);
}

/** Runs every case against a port. */
async function hold(program, target, { port, tls = false }) {
  const began = performance.now();
  const options = [
    "--strict",
    "--timeout",
    String(answerSeconds),
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
  ];
  if (tls) options.push("--tls", "--insecure");
  const output = await run(program, [...options, "generic", "hpack", "http2"]);
  const [, cases, passed, skipped, failed] =
    /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(output)?.map(Number) ?? [];
  if (cases === undefined) throw new Error(`h2spec did not come to its end against ${target}:\n${output}`);
  const failures = output.split("Failures:")[1]?.trim() ?? "";
  return { target, cases, passed, skipped, failed, failures, seconds: (performance.now() - began) / 1000 };
}

/** Prints the table and the failures; whether every case has passed. */
function tell(results) {
  const columns = ["cases", "passed", "skipped", "failed"];
  console.log("target".padEnd(20) + [...columns, "seconds"].map((name) => name.padStart(9)).join(""));
  for (const result of results) {
    const cells = [...columns.map((name) => result[name]), result.seconds.toFixed(1)];
    console.log(result.target.padEnd(20) + cells.map((cell) => String(cell).padStart(9)).join(""));
  }
  for (const { target, failures } of results) if (failures) console.log(`\n${target}:\n${failures}`);
  return results.every(({ cases, passed }) => cases > 0 && passed === cases);
}

/** What a program says on stdout until its end. */
async function run(program, args) {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], timeout: runMs });
  const said = [];
  child.stdout.on("data", (bytes) => said.push(bytes));
  await once(child, "close");
  return Buffer.concat(said).toString();
}
