import { readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { Admin } from "../../../../src/protocol/gen/prism/admin/v1/admin_pb.js";
import { operatorToken } from "../../../support/operator-token.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { inMemory, type RunningRuntime, startForTest } from "../../running-runtime.js";

const yaml = inMemory("orders");
const tokenField = "prism-admin-token";

/** Calls a method of the admin service with an empty request; tells the status and its sentence. */
function call(
  { admin }: Pick<RunningRuntime, "admin">,
  name: string,
  metadata: Record<string, string> = {},
): Promise<{ code: number; details: string }> {
  const client = new Client(admin, credentials.createInsecure());
  onTestFinished(() => client.close());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const headers = new Metadata();
  for (const [field, value] of Object.entries(metadata)) headers.set(field, value);
  return new Promise((resolve) => {
    client
      .makeServerStreamRequest(`/${Admin.typeName}/${name}`, asIs, asIs, Buffer.alloc(0), headers)
      .on("data", () => undefined)
      .on("error", () => undefined)
      .on("status", ({ code, details }) => resolve({ code, details }));
  });
}

/** Asks over HTTP with exactly these fields. */
function ask(
  admin: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Promise<{ status: number; body: string }> {
  const [host, port] = admin.split(":");
  return new Promise((resolve, reject) => {
    httpRequest({ host, port, method, path, headers, agent: false }, (response) => {
      void text(response).then((told) => resolve({ status: response.statusCode ?? 0, body: told }));
    })
      .on("error", reject)
      .end(body);
  });
}

function say(admin: string, words: string): Promise<string> {
  const [host = "", port] = admin.split(":");
  const socket = connect(Number(port), host);
  socket.write(words);
  return text(socket);
}

const methods = Object.values(Admin.method).map(({ name }) => name);
const tells = (name: string): boolean => /^(Get|List)/.test(name);

describe("over TCP, whoever reaches the operators' port", () => {
  test.each(methods.filter(tells))("may ask for %s", async (name) => {
    const running = await startForTest({ yaml });

    expect((await call(running, name)).code).not.toBe(7);
  });

  test.each(methods.filter((name) => !tells(name)))(
    "changes nothing by %s without the token, and is told where it lies",
    async (name) => {
      const running = await startForTest({ yaml });
      const path = join(running.directory, "state", "admin-token");
      const shown = await operatorToken(join(running.directory, "state"));

      const without = await call(running, name);
      const wrong = await call(running, name, { [tokenField]: `${running.admin}/${"A".repeat(43)}` });
      const right = await call(running, name, shown);

      expect([without.code, wrong.code]).toEqual([7, 7]);
      expect(without.details).toContain(`send the text of ${path} in the header ${tokenField}`);
      expect(right.code).not.toBe(7);
    },
  );

  test("reloads nothing over HTTP without the token", async () => {
    const { admin, directory } = await startForTest({ yaml });
    const token = await operatorToken(join(directory, "state"));
    const reload = (headers: Record<string, string>) =>
      ask(admin, "POST", "/admin/plugin/reload", headers, '{"namespace":"orders"}');

    const without = await reload({});
    const wrong = await reload({ [tokenField]: "nonsense" });
    const right = await reload(token);

    expect([without.status, wrong.status, right.status]).toEqual([403, 403, 200]);
    expect(JSON.parse(without.body)).toMatchObject({
      code: 7,
      message: expect.stringContaining("admin-token") as string,
      details: [{ reason: "FORBIDDEN", metadata: { token_file: join(directory, "state/admin-token") } }],
    });
  });
});

describe("the operators' token", () => {
  test("is for Prism's own user alone, and another one at each start; a stop removes it", async () => {
    const first = await startForTest({ yaml });
    const path = join(first.directory, "state/admin-token");
    const { mode } = await stat(path);
    const before = await readFile(path, "utf8");
    await first.runtime.stop();
    const gone = stat(path);
    await expect(gone).rejects.toThrow("ENOENT");

    await startForTest({ yaml, directory: first.directory });

    expect(mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).not.toBe(before);
  });

  test("is written in place of what lies there, and not through a link", async () => {
    const directory = await temporaryDirectory();
    const aim = join(directory, "precious");
    await writeFile(aim, "mine");
    const first = await startForTest({ yaml, directory });
    await first.runtime.stop();
    await Promise.all(["", ".new"].map((more) => symlink(aim, join(directory, `state/admin-token${more}`))));

    await startForTest({ yaml, directory });

    expect(await readFile(aim, "utf8")).toBe("mine");
    expect(await readFile(join(directory, "state/admin-token"), "utf8")).toContain("127.0.0.1:");
  });

  test("is not asked for on a Unix socket, whose mode says who may", async () => {
    const directory = await temporaryDirectory();
    const socket = join(directory, "admin.sock");
    const running = await startForTest({ yaml, directory, admin: `unix:${socket}` });

    const answered = await call({ admin: running.admin }, "ApplyNamespaces");

    expect(answered.code).not.toBe(7);
    await expect(stat(join(directory, "state/admin-token"))).rejects.toThrow("ENOENT");
    await rm(socket, { force: true });
  });
});

describe("a web page in somebody's browser", () => {
  test.each(["evil.test", "evil.test:50052", "localhost.evil.test", "[evil"])(
    "that is called %o, and lets its name point here, is misdirected",
    async (host) => {
      const { admin } = await startForTest({ yaml });

      const answers = await Promise.all(
        ["/metrics", "/healthz", "/readyz", "/nothing"].map((path) => ask(admin, "GET", path, { host })),
      );

      expect(answers.map(({ status }) => status)).toEqual([421, 421, 421, 421]);
      expect(answers[0]?.body).toContain("server.admin_hosts");
    },
  );

  test("reads and changes nothing from another origin, whatever it sends", async () => {
    const running = await startForTest({ yaml });
    const { admin, directory } = running;
    const token = await operatorToken(join(directory, "state"));
    const foreign = [
      { origin: "https://evil.test" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];

    const read = await Promise.all(foreign.map((told) => ask(admin, "GET", "/metrics", told)));
    const written = await Promise.all(
      foreign.map((told) =>
        ask(admin, "POST", "/admin/plugin/reload", { ...told, ...token }, '{"namespace":"orders"}'),
      ),
    );
    const called = await call(running, "GetStatus", { origin: "https://evil.test" });

    expect([...read, ...written].map(({ status }) => status)).toEqual(Array(8).fill(403));
    expect(called.code).toBe(7);
  });

  test("is served by a name that is listed, and where the operator went there by hand", async () => {
    const { admin } = await startForTest({ yaml, serverKeys: "admin_hosts: [prism.internal]" });

    const listed = await ask(admin, "GET", "/healthz", { host: "prism.internal:9000" });
    const byHand = await ask(admin, "GET", "/metrics", { host: "localhost", "sec-fetch-site": "none" });

    expect([listed.status, byHand.status]).toEqual([200, 200]);
  });
});

describe("a request to operators that two readers could understand differently is refused:", () => {
  const get = "GET /healthz HTTP/1.1\r\n";
  test.each([
    ["no Host", `${get}\r\n`, 400],
    ["two Hosts", `${get}host: localhost\r\nhost: localhost\r\n\r\n`, 400],
    [
      "a target and a Host that differ",
      `GET http://evil.test/healthz HTTP/1.1\r\nhost: localhost\r\n\r\n`,
      400,
    ],
    ["a Host behind very many fields", `${get}${"a: b\r\n".repeat(2500)}host: evil.test\r\n\r\n`, 431],
    [
      "a coding beside chunks",
      "POST /admin/plugin/reload HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      501,
    ],
    ["HTTP/0.9", "GET /healthz\r\nhost: localhost\r\n\r\n", 505],
    ["HTTP/2.0", "GET /healthz HTTP/2.0\r\nhost: localhost\r\n\r\n", 505],
    [
      "chunks over HTTP/1.0",
      "POST /admin/plugin/reload HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["CONNECT", `CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n${get}host: localhost\r\n\r\n`, 501],
    ["no HTTP", "GET / HTTQ/1.1\r\n\r\n", 400],
  ])("%s", async (_what, words, status) => {
    const { admin } = await startForTest({ yaml });

    const heard = await say(admin, words);

    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(heard).toMatch(/\r\n\r\n\{"code":\d+,"message":/);
    expect(heard.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });

  test("while one that has said all and closes its side is answered", async () => {
    const { admin } = await startForTest({ yaml });
    const [host = "", port] = admin.split(":");
    const socket = connect(Number(port), host);

    socket.end(`${get}host: localhost\r\n\r\n`);

    expect(await text(socket)).toContain('{"status":"alive"}');
  });

  test("and requests that come at once are answered in their turn", async () => {
    const { admin } = await startForTest({ yaml });
    const more = "GET /nothing HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

    const heard = await say(admin, `${get}host: localhost\r\n\r\n${more}`);

    expect(heard.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 200", "HTTP/1.1 404"]);
  });
});
