import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Proxied } from "../proxied.js";
import { type Answer, carriers } from "./ask.js";

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start({
    token: "a-secret-token",
    limits: { messageBytes: 1000 },
    route: {
      operations: [
        { name: "get", pattern: "keyvalue", idempotent: true },
        { name: "watch", ordered: true, streaming: true },
      ],
      services: ["acme.billing.v1.Invoices"],
      deadlineMs: 700,
    },
  });
});
afterEach(() => prism.stop());

describe.each(carriers)("over %s", (_carrier, ask) => {
  const get = (path: string): Promise<Answer> => ask(prism.port, { method: "GET", path });

  test("a namespace tells what it can do, and no secret", async () => {
    const { status, body } = await get("/v1/namespaces/orders");

    expect(status).toBe(200);
    expect(JSON.parse(body.toString())).toEqual({
      name: "orders",
      state: "serving",
      operations: [
        { name: "get", pattern: "keyvalue", idempotent: true, ordered: false, streaming: false },
        { name: "watch", pattern: "", idempotent: false, ordered: true, streaming: true },
      ],
      services: ["acme.billing.v1.Invoices"],
      limits: { deadlineMs: 700, messageBytes: 1000 },
    });
  });

  test("a namespace that nobody serves just now is away", async () => {
    prism.route("orders", undefined, "");

    const { body } = await get("/v1/namespaces/orders");

    expect(JSON.parse(body.toString())).toMatchObject({ name: "orders", state: "away" });
  });

  test("a namespace that does not exist is 404, with the one that was meant", async () => {
    const { status, body } = await get("/v1/namespaces/oders");

    expect(status).toBe(404);
    expect(body.toString()).toContain('did you mean \\"orders\\"?');
  });

  test("the namespaces are listed", async () => {
    const { body } = await get("/v1/namespaces");

    expect(JSON.parse(body.toString())).toEqual({ namespaces: [{ name: "orders", state: "serving" }] });
  });

  test("a load balancer learns that it is alive and takes calls, whatever its plugins do", async () => {
    prism.routes([]);

    const alive = await get("/healthz");
    const ready = await get("/readyz");

    expect([alive, ready].map(({ status, body }) => [status, body.toString()])).toEqual([
      [200, '{"status":"alive"}\n'],
      [200, '{"status":"ready"}\n'],
    ]);
  });

  test.each(["/v1/namespaces", "/v1/namespaces/orders", "/v1/openapi.json", "/healthz", "/readyz"])(
    "%s is read, and nothing else",
    async (path) => {
      const refused = await ask(prism.port, { method: "PUT", path });
      const head = await ask(prism.port, { method: "HEAD", path });

      expect([refused.status, refused.headers["allow"]]).toEqual([405, "GET, HEAD"]);
      expect([head.status, head.body.length]).toEqual([200, 0]);
    },
  );
});
