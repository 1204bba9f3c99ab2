import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { Code, definePlugin, listenWith, unary, z } from "../../src/sdk/index.js";
import { launchPlugin } from "../contract/support/launched-plugin.js";
import { deferred, serveOperations } from "./support.js";

const plugin = definePlugin({
  name: "test",
  version: "1.0.0",
  config: z.strictObject({}),
  open: () => ({ operations: {} }),
});
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "serve-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("replaces a socket that nobody listens on any more", async () => {
  const socket = join(directory, "stale.sock");
  const before = createServer().listen(socket);
  await once(before, "listening");
  // A server whose process is killed leaves its socket behind; so does one that is told not to remove it.
  writeFileSync(
    join(directory, "leave.cjs"),
    `require("net").createServer().listen(${JSON.stringify(socket + "2")}, () => process.kill(process.pid, "SIGKILL"))`,
  );
  const { spawnSync } = await import("node:child_process");
  spawnSync(process.execPath, [join(directory, "leave.cjs")]);
  expect(existsSync(`${socket}2`)).toBe(true);

  const served = await listenWith(plugin, { socket: `${socket}2` });
  await served.close();

  expect(existsSync(`${socket}2`)).toBe(false);
  before.close();
});

test("leaves alone a socket that somebody listens on, and a file that is none", async () => {
  const taken = join(directory, "taken.sock");
  const first = await listenWith(plugin, { socket: taken });
  const file = join(directory, "notes.txt");
  writeFileSync(file, "mine");

  await expect(listenWith(plugin, { socket: taken })).rejects.toThrow(/somebody listens/);
  await expect(listenWith(plugin, { socket: file })).rejects.toThrow(/no socket/);
  await expect(listenWith(plugin, { socket: join(directory, "x".repeat(100)) })).rejects.toThrow(
    /longer than 100 bytes/,
  );

  expect(existsSync(file)).toBe(true);
  await first.close();
});

test("answers what is no gRPC in terms of HTTP, and says who is to be asked instead", async () => {
  await using served = await serveOperations({});
  const session = connect("http://plugin", {
    createConnection: () => createConnection(served.plugin.socket),
  });
  const request = session.request({ ":path": "/" });
  let text = "";
  request.setEncoding("utf8").on("data", (part: string) => (text += part));

  const [headers] = (await once(request, "response")) as [IncomingHttpHeaders & { ":status"?: number }];
  await once(request, "end");

  expect(headers[":status"]).toBe(415);
  expect(text).toContain("send your requests to Prism");
  session.destroy();
});

test("closing lets a running operation finish, and closes the namespace after it", async () => {
  const begun = deferred();
  const go = deferred();
  const order: string[] = [];
  const slow = unary({
    request: "bytes",
    response: "bytes",
    run: async () => {
      begun.resolve();
      await go.promise;
      order.push("finished");
      return Buffer.from("done");
    },
  });
  await using served = await serveOperations(
    { slow },
    { namespace: { close: () => void order.push("closed") } },
  );

  const call = served.client.execute({ operation: "slow" }, { namespace: "ns" });
  await begun.promise;
  const closing = served.plugin.close();
  go.resolve();

  expect((await call).message.success).toBe(true);
  await closing;
  expect(order).toEqual(["finished", "closed"]);
});

test("closing cuts what outlives the grace period, with a status", async () => {
  const begun = deferred();
  const stuck = unary({
    request: "bytes",
    response: "bytes",
    run: () => {
      begun.resolve();
      return new Promise<Uint8Array>(() => undefined);
    },
  });
  await using served = await serveOperations({ stuck }, { graceMs: 20 });

  const call = served.client.execute({ operation: "stuck" }, { namespace: "ns" });
  await begun.promise;
  await Promise.all([expect(call).rejects.toMatchObject({ code: Code.UNAVAILABLE }), served.plugin.close()]);
});

test("a host that cannot start says why in one line and exits 1", async () => {
  vi.stubEnv("TMPDIR", directory);
  onTestFinished(() => void vi.unstubAllEnvs());
  writeFileSync(join(directory, "empty.ts"), "export const nothing = 1;");
  const broken = [
    { module: "no/such/module.ts", says: /cannot be loaded/ },
    { module: join(directory, "empty.ts"), says: /export default definePlugin/ },
    {
      module: "src/plugins/memory/index.ts",
      env: { PRISM_PLUGIN_PROTOCOL: "7" },
      says: /version 7 .*version 1/,
    },
    { module: "src/plugins/memory/index.ts", env: { PLUGIN_SOCKET: "" }, says: /PLUGIN_SOCKET is not set/ },
  ];

  for (const { says, ...launch } of broken) {
    const failed = launchPlugin({ home: "process", ...launch });
    await expect(failed).rejects.toThrow(says);
    await expect(failed).rejects.toThrow(/exited with 1/);
  }
  expect(readdirSync(directory).filter((name) => name.startsWith("plugin-"))).toEqual([]);
});
