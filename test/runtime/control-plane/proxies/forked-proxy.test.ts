import { once } from "node:events";
import { get } from "node:http";
import { connect, type NetConnectOpts } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { TimeLimit } from "../../../../src/protocol/index.js";
import type { ListenAddress } from "../../../../src/runtime/config/index.js";
import { forkedProxy } from "../../../../src/runtime/control-plane/proxies/forked-proxy.js";
import { listen } from "../../../../src/runtime/control-plane/listeners.js";
import { Proxies } from "../../../../src/runtime/control-plane/proxies/proxies.js";
import type { ProxySettings } from "../../../../src/runtime/model/proxy-messages.js";
import { TestAuthority } from "../../../support/certificates.js";
import { defaultLimits } from "../../../support/default-limits.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { RecordingLog } from "../supervised.js";

const entry = new URL("../../../../src/runtime/data-plane/main.ts", import.meta.url).pathname;
const tcp: ListenAddress = { kind: "tcp", host: "127.0.0.1", port: 0, text: "127.0.0.1:0" };

describe("connections that a data-plane process has not taken when it is killed are served by the next one", () => {
  test("over TCP", async () => {
    expect(await answersAcrossKill(await startProxy(tcp))).toEqual([200, 200, 200]);
  });

  test("over a Unix socket", async () => {
    const path = join(await temporaryDirectory(), "prism.sock");
    const unix: ListenAddress = { kind: "unix", path, text: `unix:${path}` };

    expect(await answersAcrossKill(await startProxy(unix))).toEqual([200, 200, 200]);
  });

  test("over TLS", async () => {
    const tls = await (await TestAuthority.create()).issue();

    const running = await startProxy(tcp, { tls: { ...tls, clientCa: "", clientAuth: "none" } });

    expect(await answersAcrossKill(running)).toEqual([200, 200, 200]);
  });
});

test("a connection that a data-plane process has taken ends with it, as nobody else holds it", async () => {
  const { pid, where } = await startProxy(tcp);
  const client = connect(where).on("error", () => undefined);
  const isClosed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.write("GET /v1/namespaces HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [head] = (await once(client, "data")) as [Buffer];

  process.kill(pid, "SIGKILL");
  await isClosed;

  expect(head.toString()).toContain("HTTP/1.1 200 OK");
});

/** One data-plane process, to which every connection is passed on. */
interface RunningProxy {
  readonly pid: number;
  readonly isSecure: boolean;
  readonly where: NetConnectOpts;
  /** Resolves when so many connections have been passed on in all. */
  passedOn(count: number): Promise<void>;
}

async function startProxy(address: ListenAddress, more: Partial<ProxySettings> = {}): Promise<RunningProxy> {
  const proxies = new Proxies({
    ...{ count: 1, launch: forkedProxy(entry), log: new RecordingLog(), onUnreachable: () => undefined },
    settings: { limits: defaultLimits, defaultNamespace: "", proxyProtocol: [], ...more },
  });
  onTestFinished(() => proxies.stop(0));
  await proxies.start([]);
  const [status] = await proxies.status();

  let passed = 0;
  let wake: () => void = () => undefined;
  const listener = await listen({
    ...{ address, key: "server.listen" },
    onConnection: (socket) => {
      proxies.give(socket);
      passed += 1;
      wake();
    },
  });
  onTestFinished(() => listener.close());
  return {
    pid: status?.pid ?? 0,
    isSecure: more.tls !== undefined,
    where:
      address.kind === "unix"
        ? { path: address.path }
        : { host: "127.0.0.1", port: Number(listener.address.split(":")[1]) },
    passedOn: async (count) => {
      while (passed < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** Passes connections on to a process that is halted, so that they are on their way when it is killed. */
async function answersAcrossKill(running: RunningProxy): Promise<number[]> {
  process.kill(running.pid, "SIGSTOP");
  const answers = [1, 2, 3].map(() => statusOfGet(running));
  await running.passedOn(3);
  process.kill(running.pid, "SIGKILL");
  return Promise.all(answers);
}

/** Asks over a connection of its own, for as long as a client may. */
function statusOfGet({ where, isSecure }: RunningProxy): Promise<number> {
  const socket = isSecure ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
  const options = { path: "/v1/namespaces", createConnection: () => socket };
  return new Promise((resolve, reject) => {
    const request = get({ ...options, signal: new TimeLimit(10_000).signal }, (response) => {
      response.resume().once("end", () => socket.destroy());
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
  });
}
