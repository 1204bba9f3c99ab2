import { execFile, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rename, writeFile } from "node:fs/promises";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { installSystemPackage } from "../servers/system-package.js";
import { freePort, type RunningPrism, servePrism, until } from "../support/running-prism.js";
import { keyValueMethods, StockClient } from "../support/stock-client.js";

/** What docs/tls.md says first of each kind: how to make a certificate, the configuration, and what to try then. */
interface Example {
  readonly makeCertificate: string;
  readonly config: {
    readonly server: { readonly listen: string; readonly tls: object };
    readonly auth: object;
  };
  readonly tryIt: string;
}

const run = promisify(execFile);
let example: Example;
let directory: string;
let port: number;
let prism: RunningPrism;
beforeAll(async () => {
  for (const program of ["openssl", "curl"])
    if (spawnSync(program, ["version"]).error) installSystemPackage(program, `install ${program}`);
  example = exampleIn(await readFile(new URL("../../docs/tls.md", import.meta.url), "utf8"));
  directory = await mkdtemp(join(tmpdir(), "prism-e2e-"));
  await makeCertificate(directory);
  port = await freePort();
  const { server, auth } = example.config;
  prism = await servePrism({
    directory,
    address: server.listen.replace("50051", String(port)),
    serverKeys: `tls: ${JSON.stringify(server.tls)}`,
    yaml: `auth: ${JSON.stringify(auth)}\n`,
  });
});
afterAll(() => prism.stop());

function exampleIn(page: string): Example {
  const [makeCertificate = "", tryIt = ""] = blocks(page, "sh");
  return { makeCertificate, config: parse(blocks(page, "yaml")[0] ?? "") as Example["config"], tryIt };
}

function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, text = ""]) => text,
  );
}

async function makeCertificate(cwd: string): Promise<void> {
  await run("sh", ["-e", "-c", example.makeCertificate], { cwd });
}

async function served(): Promise<Buffer> {
  return await readFile(join(directory, "server.pem"));
}

/** The certificate that a new connection is shown. */
async function shown(): Promise<string> {
  const socket: TLSSocket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

async function ask(session: ClientHttp2Session): Promise<number | undefined> {
  const request = session.request({ ":path": "/v1/namespaces/default/kv/greeting" });
  const [headers] = (await once(request.resume(), "response")) as [{ ":status"?: number }];
  await once(request, "close");
  return headers[":status"];
}

test("the example of docs/tls.md serves what it says", async () => {
  const script = example.tryIt.replaceAll("50051", String(port));

  const { stdout } = await run("sh", ["-e", "-c", script], { cwd: directory });

  expect(stdout).toBe("hello");
});

test("gRPC clients read and write over TLS, 32 MiB too", async () => {
  const client = new StockClient(`localhost:${port}`, {}, credentials.createSsl(await served()));
  onTestFinished(() => client.close());
  const large = Buffer.alloc(32 * 1024 * 1024, 5);

  await client.unary(keyValueMethods.set, { key: "large", value: large });
  const { value } = await client.unary(keyValueMethods.get, { key: "large" });

  expect(large.equals(value)).toBe(true);
});

test("a renewed certificate is served to new connections, and a bad one to none, while old connections go on", async () => {
  const session = connectHttp2(`https://localhost:${port}`, { ca: await served() });
  onTestFinished(() => session.destroy());
  expect(await ask(session)).toBe(200);
  const renewed = await mkdtemp(join(directory, "renewed-"));
  await makeCertificate(renewed);
  const { fingerprint256 } = new X509Certificate(await readFile(join(renewed, "server.pem")));

  for (const name of ["server.key", "server.pem"]) await rename(join(renewed, name), join(directory, name));
  await until("the renewed certificate", async () => (await shown()) === fingerprint256);
  await writeFile(join(directory, "server.key"), "no key");
  await until("a word about the bad key", () => prism.output().includes("holds no private key as PEM"));

  expect(await shown()).toBe(fingerprint256);
  expect(await ask(session)).toBe(200);
  expect(prism.output()).not.toContain("PRIVATE KEY-----\n");
});

test("behind a load balancer, clients with its header are served and others are not", async () => {
  const files = await mkdtemp(join(tmpdir(), "prism-e2e-"));
  await makeCertificate(files);
  const tls = { cert: "server.pem", key: "server.key" };
  const serverKeys = `proxy_protocol: [127.0.0.0/8], tls: ${JSON.stringify(tls)}`;
  const behind = await servePrism({ directory: files, serverKeys });
  onTestFinished(() => behind.stop());
  const url = `https://${behind.address}/v1/namespaces/default/kv/none`;
  const curl = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", join(files, "server.pem"), url];

  const { stdout } = await run("curl", ["--haproxy-protocol", ...curl]);
  await expect(run("curl", curl)).rejects.toThrow();

  expect(stdout).toBe("404");
  const metrics = await (await fetch(`http://${behind.admin}/metrics`)).text();
  expect(metrics).toContain('prism_refused_total{peer="client",reason="proxy_protocol"} 1');
});

test("a start with a key that does not belong to the certificate ends with one sentence that names the files", async () => {
  const files = await mkdtemp(join(tmpdir(), "prism-e2e-"));
  const other = await mkdtemp(join(files, "other-"));
  await Promise.all([files, other].map(makeCertificate));
  const tls = { cert: "server.pem", key: join(other, "server.key") };
  const serverKeys = `tls: ${JSON.stringify(tls)}`;
  const broken = await servePrism({ directory: files, unready: true, serverKeys });
  onTestFinished(() => broken.stop());

  expect(await broken.exited).toBe(2);
  expect(broken.output()).toContain(
    `server.tls.key: ${other}/server.key does not belong to the certificate in ${files}/server.pem: name the two that were made together`,
  );
});
