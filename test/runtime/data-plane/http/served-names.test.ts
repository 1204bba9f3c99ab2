import { afterEach, describe, expect, test } from "vitest";
import { Proxied } from "../proxied.js";
import { carriers } from "./ask.js";
import { keepValues } from "./key-value-stub.js";

const path = "/v1/namespaces/orders/kv/k";
const json = "/v1/namespaces/orders/get";

let prism: Proxied;
afterEach(() => prism.stop());

async function start(settings: Parameters<typeof Proxied.start>[0] = {}): Promise<void> {
  const hosts = { names: ["prism.internal"], overTls: false };
  const operations = ["get", "set"].map((name) => ({ name }));
  prism = await Proxied.start({ route: { operations }, settings: { hosts }, ...settings });
  keepValues(prism.plugin).set("k", Buffer.from("v"));
}

describe.each(carriers)("a request over %s", (carrier, ask) => {
  const named = (host: string): Record<string, string> =>
    carrier === "HTTP/2" ? { ":authority": host } : { host };

  test.each(["evil.test", "evil.test:50051", "127.0.0.1.evil.test", "localhost.evil.test", "[evil", "a:b:c"])(
    "by the name %o, which may be a page's that points here, is misdirected",
    async (host) => {
      await start();

      const read = await ask(prism.port, { method: "GET", path, headers: named(host) });
      const called = await ask(prism.port, {
        method: "POST",
        path: "/prism.keyvalue.v1.KeyValue/Get",
        headers: {
          ...named(host),
          "content-type": "application/grpc-web+proto",
          "prism-namespace": "orders",
        },
      });

      expect([read.status, called.status]).toEqual([421, 421]);
      expect(JSON.parse(read.body.toString())).toMatchObject({
        code: 7,
        message: expect.stringContaining("server.hosts") as string,
      });
      expect(prism.plugin.calls).toHaveLength(0);
    },
  );

  test.each([
    "localhost",
    "LOCALHOST:8080",
    "localhost.",
    "127.0.0.1",
    "10.1.2.3:1",
    "[::1]:50051",
    "Prism.internal:7",
  ])("by %s is served, whatever the port", async (host) => {
    await start();

    const { status } = await ask(prism.port, { method: "GET", path, headers: named(host) });

    expect(status).toBe(200);
  });

  test("by any name is served where that is configured", async () => {
    await start({ settings: { hosts: { names: ["*"], overTls: false } } });

    expect((await ask(prism.port, { method: "GET", path, headers: named("evil.test") })).status).toBe(200);
  });

  test.each([
    ["a form's text", "text/plain"],
    ["what has no type", ""],
    ["JSON", "application/json"],
    ["gRPC-Web", "application/grpc-web"],
  ])("with %s that a page of another origin sends changes nothing", async (_what, type) => {
    await start();
    const foreign = [{ origin: "https://evil.test" }, { origin: "null" }, { "sec-fetch-site": "same-site" }];

    const answers = await Promise.all(
      foreign.map((told) => {
        const headers = { ...named("localhost"), ...(type && { "content-type": type }), ...told };
        return ask(prism.port, { method: "POST", path: json, headers, body: '{"key":"k"}' });
      }),
    );

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(answers[0]?.body.toString()).toContain("server.cors.origins");
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("of a page of the same origin, of a listed one, or of no page, changes what it asks for", async () => {
    await start({ cors: { origins: ["https://app.example"] } });
    const own = [
      { origin: `http://localhost:${prism.port}` },
      { origin: "https://behind.a.proxy", "sec-fetch-site": "same-origin" },
      { origin: "https://app.example", "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "none" },
      {},
    ];

    const answers = await Promise.all(
      own.map((told) => {
        const headers = { ...named(`localhost:${prism.port}`), ...told };
        return ask(prism.port, { method: "PUT", path, headers, body: "v" });
      }),
    );

    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204]);
  });
});
