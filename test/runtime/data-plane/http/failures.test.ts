import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerWith } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { carriers } from "./ask.js";

const json = { "content-type": "application/json" };
const kv = "/v1/namespaces/orders/kv/";

let prism: Proxied;
beforeEach(async () => {
  const operations = ["get", "set", "increment"].map((name) => ({ name }));
  prism = await Proxied.start({ route: { operations } });
});
afterEach(() => prism.stop());

describe.each(carriers)("a failure over %s", (_carrier, ask) => {
  test("is google.rpc.Status as JSON, with the HTTP status of its code", async () => {
    prism.plugin.answer = (call) => answerWith(call, { success: false, error: "no number", errorCode: 9 });

    const path = "/v1/namespaces/orders/increment";
    const { status, body } = await ask(prism.port, {
      method: "POST",
      path,
      body: '{"key":"k"}',
      headers: json,
    });

    expect(status).toBe(400);
    expect(JSON.parse(body.toString())).toEqual({
      code: 9,
      message: "no number",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "OPERATION_FAILED",
          domain: "prism",
          metadata: { namespace: "orders", operation: "increment" },
        },
      ],
    });
  });

  test.each([
    ["GET", "/v1/namespaces/oders/kv/a", 404, "orders"],
    ["PUT", "/v1/namespaces/oders/kv/a", 404, "orders"],
    ["GET", "/v1/", 404, "nothing at"],
    ["PATCH", "/v1/namespaces/orders/kv/a", 405, "use GET"],
    ["GET", "/v1/namespaces/orders/get", 405, "use POST"],
    ["POST", "/v1/namespaces/orders/steal", 501, "it serves get, set"],
  ])("%s %s is %i and says %o", async (method, path, status, says) => {
    const answer = await ask(prism.port, { method, path, headers: json });

    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toContain(says);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("is 503 when nobody serves, and 504 when the deadline has passed", async () => {
    prism.plugin.answer = () => undefined;
    const headers = { "grpc-timeout": "20m" };
    const late = await ask(prism.port, { method: "GET", path: `${kv}a`, headers });
    prism.route("orders", undefined, "");
    const away = await ask(prism.port, { method: "GET", path: `${kv}a` });

    expect([late.status, away.status]).toEqual([504, 503]);
  });

  test("to HEAD is told by its status and fields alone", async () => {
    const { status, headers, body } = await ask(prism.port, {
      method: "HEAD",
      path: "/v1/namespaces/oders/kv/a",
    });

    expect([status, headers["content-type"], body.length]).toEqual([404, "application/json", 0]);
  });
});
