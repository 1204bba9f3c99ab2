import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GetRequestSchema } from "../../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { answerGet } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { carriers } from "./ask.js";
import { paramsOf } from "./key-value-stub.js";

const json = { "content-type": "application/json" };

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start();
});
afterEach(() => prism.stop());

describe.each(carriers)("a typed operation over %s", (_carrier, ask) => {
  const path = "/v1/namespaces/orders/get";

  test("takes and answers canonical protobuf JSON", async () => {
    prism.plugin.answer = (call) => answerGet(call, { found: true, value: Buffer.from("hello") });

    const body = '{"key":"k"}';
    const answered = await ask(prism.port, { method: "POST", path, body, headers: json });

    expect([answered.status, answered.headers["content-type"]]).toEqual([200, "application/json"]);
    expect(JSON.parse(answered.body.toString())).toEqual({
      found: true,
      value: Buffer.from("hello").toString("base64"),
    });
    expect(paramsOf(prism.plugin.calls[0], GetRequestSchema).key).toBe("k");
  });

  test.each(["not json", '{"nonsense":1}', '{"key":7}', "[]"])(
    "refuses the body %s and says what fits",
    async (body) => {
      const refused = await ask(prism.port, { method: "POST", path, body, headers: json });

      expect(refused.status).toBe(400);
      expect(JSON.parse(refused.body.toString())).toMatchObject({
        code: 3,
        message: expect.stringContaining("it takes key") as string,
      });
      expect(prism.counted("get", "INVALID_ARGUMENT")).toBe(1);
      expect(prism.plugin.calls).toHaveLength(0);
    },
  );

  test("refuses a value that is no base64, and says how raw bytes go", async () => {
    const body = '{"key":"k","value":"hello!"}';
    const set = path.replace(/get$/, "set");

    const refused = await ask(prism.port, { method: "POST", path: set, body, headers: json });

    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain("PUT /v1/namespaces/{namespace}/kv/{key}");
  });

  test("refuses what a web page may send without being asked, and says how to send it", async () => {
    const headers = { "content-type": "text/plain" };
    const refused = await ask(prism.port, { method: "POST", path, body: '{"key":"k"}', headers });

    expect(refused.status).toBe(415);
    expect(refused.body.toString()).toContain("--json");
    expect(prism.plugin.calls).toHaveLength(0);
  });
});
