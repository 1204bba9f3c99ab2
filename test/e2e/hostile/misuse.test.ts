import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RunningPrism, servePrism, until } from "../../support/running-prism.js";
import { StockClient } from "../../support/stock-client.js";
import { untilGone } from "./siege.js";

const run = promisify(execFile);
const bin = new URL("../../../bin/run.js", import.meta.url).pathname;

let prism: RunningPrism;
let client: StockClient;
const opened: { destroy(): unknown }[] = [];
beforeAll(async () => {
  prism = await servePrism();
  client = new StockClient(prism.address);
});
afterAll(async () => {
  client.close();
  await prism.stop();
});
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.destroy();
  await client.set("after", "all is well");
  expect(await client.get("after")).toBe("all is well");
  await until("no call to be in flight", async () => (await inFlight()) === 0);
});

describe("a client that misbehaves gets an answer or an end, and harms no one", () => {
  test("vanishing in the middle of a message", async () => {
    const session = await call("/prism.keyvalue.v1.KeyValue/Set");

    session.request.write(Buffer.from([0, 0, 0, 10, 0, 1, 2, 3]));
    session.destroy();
  });

  test("ending half-way through a message is INTERNAL", async () => {
    const { request } = await call("/prism.keyvalue.v1.KeyValue/Set");

    request.end(Buffer.from([0, 0, 0, 10, 0, 1, 2, 3]));

    expect(await status(request)).toBe("13");
  });

  test("announcing 2 GiB and sending little is INTERNAL, and nothing is allocated for it", async () => {
    const { request } = await call("/prism.keyvalue.v1.KeyValue/Set");

    request.end(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));

    expect(await status(request)).toBe("13");
  });

  test("announcing more than a wrapped message can hold is RESOURCE_EXHAUSTED", async () => {
    const { request } = await call("/prism.keyvalue.v1.KeyValue/Set");

    request.end(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));

    expect(await status(request)).toBe("8");
  });

  test("sending a second message on a unary call is refused", async () => {
    const { request } = await call("/prism.keyvalue.v1.KeyValue/Get");
    const message = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]);

    request.end(Buffer.concat([message, message]));

    expect(await status(request)).not.toBe("0");
  });

  test("naming a service or a method that is not there is UNIMPLEMENTED", async () => {
    for (const path of ["/no.such.Service/Get", "/prism.keyvalue.v1.KeyValue/Nothing"]) {
      const { request } = await call(path);

      request.end(Buffer.from([0, 0, 0, 0, 0]));

      expect(await status(request)).toBe("12");
    }
  });

  test("sending what is neither HTTP/1 nor HTTP/2 loses its connection", async () => {
    const socket = open();

    socket.write("\x16\x03\x01 nonsense \r\n\r\n");
    socket.resume();

    await untilGone(socket);
    expect(socket.destroyed).toBe(true);
  });
});

function open(): Socket {
  const [host = "", port = ""] = prism.address.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => undefined);
  opened.push(socket);
  return socket;
}

async function call(path: string) {
  const session = connectHttp2(`http://${prism.address}`);
  session.on("error", () => undefined);
  await once(session, "connect");
  opened.push(session);
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  const request = session.request({ ...headers, "prism-namespace": "default" });
  request.on("error", () => undefined);
  return { request, destroy: () => session.destroy() };
}

/** The gRPC status that a call ended with, from its trailers or its only headers. */
async function status(request: Awaited<ReturnType<typeof call>>["request"]): Promise<string | undefined> {
  let found: string | undefined;
  const note = (headers: Record<string, unknown>): void => {
    if (typeof headers["grpc-status"] === "string") found = headers["grpc-status"];
  };
  request.on("response", note);
  request.on("trailers", note);
  request.resume();
  await once(request, "close");
  return found;
}

async function inFlight(): Promise<number> {
  const { stdout } = await run(process.execPath, [bin, "status", "--json", "--admin", prism.admin]);
  const { proxies } = JSON.parse(stdout) as { proxies: { inFlight?: string | number }[] };
  return proxies.reduce((sum, proxy) => sum + Number(proxy.inFlight ?? 0), 0);
}
