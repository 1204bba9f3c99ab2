import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keyValueMethods } from "../../support/stock-client.js";
import { answerGet, framed } from "./plugin-stub.js";
import { Proxied } from "./proxied.js";
import { path, RawClient } from "./raw-client.js";

const getRequest = framed(Buffer.from([10, 1, 107]));

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start({ route: { operations: [{ name: "get" }] } });
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

describe("a call is refused by its head alone", () => {
  test("when no namespace has that name, and the nearest one is told", async () => {
    const error = await prism.client.get("k", { namespace: "oders" }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 5,
      details: expect.stringContaining('did you mean "orders"?') as string,
    });
    expect(prism.counted("get", "NOT_FOUND", "(unknown)")).toBe(1);
  });

  test("when it does not say whose data it is for", async () => {
    const error = await prism.client.get("k", { namespace: "" }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 3, details: expect.stringContaining("prism-namespace") as string });
  });

  test("when the plugin does not serve the operation, and what it serves is told", async () => {
    const error = await prism.client
      .set("k", "v", { namespace: "orders" })
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 12, details: expect.stringContaining("it serves get") as string });
    expect(prism.counted("set", "UNIMPLEMENTED")).toBe(1);
  });

  test.each(["/prism.keyvalue.v1.KeyValue/Steal", "/no.Such/Thing", "/", "*"])(
    "when there is no method %s",
    async (unknown) => {
      const result = await raw.call(unknown).send(getRequest).result;

      expect(result).toMatchObject({ status: "12", info: { reason: "UNKNOWN_METHOD" } });
    },
  );

  test("when it asks for what operators are served at their own address, which is told", async () => {
    const result = await raw.call("/prism.admin.v1.Admin/GetStatus").send(getRequest).result;

    const message = expect.stringContaining("operators are served at server.admin") as string;
    expect(result).toMatchObject({ status: "12", message });
  });

  test("when nobody serves the namespace just now, and why is told", async () => {
    const own = await Proxied.start({ route: { reason: "its plugin exits as soon as it starts" } });
    own.route("orders", undefined, "");

    const error = await own.client.get("k", { namespace: "orders" }).catch((reason: unknown) => reason);

    const details =
      'namespace "orders" is not served just now (its plugin exits as soon as it starts): try again in a moment, or ask `prism status`';
    expect(error).toMatchObject({ code: 14, details });
    await own.stop();
  });

  test("when its timeout is none", async () => {
    expect(await raw.call(path.get, { "grpc-timeout": "soon" }).send(getRequest).result).toMatchObject({
      status: "3",
    });
  });

  test.each([{ "content-type": "application/json" }, { "content-type": "" }, { ":method": "GET" }])(
    "when it is no gRPC (%o), with HTTP status 415",
    async (headers) => {
      const result = await raw.call(path.get, headers, true).result;

      expect(result.headers.get(":status")).toBe("415");
      expect(result.data.toString()).toContain("/v1/");
    },
  );

  test("and takes no lease, while the client's connection goes on", async () => {
    const refused = raw.call(path.get, { "prism-namespace": "none" });
    for (let sent = 0; sent < 20; sent++) refused.send(Buffer.alloc(100_000), false);

    expect((await refused.result).status).toBe("5");
    expect(await prism.client.get("k", { namespace: "orders" })).toBe("v");
    expect(prism.ledger()).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
  });

  test("also when the route changes after the same headers were served", async () => {
    expect((await raw.call(path.get).send(getRequest).result).status).toBe("0");
    prism.route("others", "others-1", prism.socket);

    expect((await raw.call(path.get).send(getRequest).result).status).toBe("5");
    prism.route("orders", "orders-2", prism.socket);
    expect((await raw.call(path.get).send(getRequest).result).status).toBe("0");
    expect(prism.ledger("orders-2")).toMatchObject({ started: 1, completed: 1 });
  });
});

describe("a limit of the wire", () => {
  test("bounds a unary message, and the refusal names its key", async () => {
    const own = await Proxied.start({ limits: { messageBytes: 100 } });
    const value = Buffer.alloc(200);

    const error = await own.client
      .unary(keyValueMethods.set, { key: "k", value }, { namespace: "orders" })
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 8,
      details: expect.stringContaining("server.limits.message_bytes") as string,
    });
    await own.stop();
  });

  test("bounds the plugin's message as well", async () => {
    const own = await Proxied.start({ limits: { messageBytes: 100 } });
    own.plugin.answer = (call) => answerGet(call, { found: true, value: Buffer.alloc(200) });

    const error = await own.client.get("k", { namespace: "orders" }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 8,
      details: expect.stringContaining("server.limits.message_bytes") as string,
    });
    await own.stop();
  });

  test("bounds connections: one more is closed at once, and the log names the key", async () => {
    const own = await Proxied.start({ limits: { connections: 1 } });
    await own.client.get("k", { namespace: "orders" });

    const second = await RawClient.connect(own.port);
    const result = await second.call(path.get).send(getRequest).result;

    expect(result.status).toBeUndefined();
    expect(own.logged.join()).toContain("server.limits.connections");
    expect(own.plane.counters().connections).toBe(1);
    await own.stop();
  });

  test("bounds the streams of a connection", async () => {
    const own = await Proxied.start({ limits: { streamsPerConnection: 2 } });
    const client = await RawClient.connect(own.port);
    await client.call(path.get).send(getRequest).result;
    own.plugin.answer = () => undefined;

    for (let open = 0; open < 2; open++) client.call(path.get).send(getRequest);

    expect(client.connection.canOpen).toBe(false);
    client.vanish();
    await own.stop();
  });
});
