import { create } from "@bufbuild/protobuf";
import { anyPack, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerRaw, answerWith, framed } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { type Asked, carriers } from "./ask.js";

const json = { "content-type": "application/json" };
const url = "type.googleapis.com/google.protobuf.StringValue";
const query: Asked = { method: "POST", path: "/v1/namespaces/orders/query", headers: json };

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start({ route: { operations: [{ name: "query" }] } });
});
afterEach(() => prism.stop());

describe.each(carriers)("an operation of a plugin's own over %s", (_carrier, ask) => {
  test("takes and answers bytes as base64", async () => {
    prism.plugin.answer = (call) =>
      answerWith(call, { success: true, result: { case: "rawResult", value: Buffer.from("rows") } });

    const { status, body } = await ask(prism.port, { ...query, body: '{"rawParams":"c2VsZWN0"}' });

    expect([status, JSON.parse(body.toString())]).toEqual([200, { rawResult: "cm93cw==" }]);
    expect(prism.plugin.calls[0]?.request).toMatchObject({
      operation: "query",
      params: { case: "rawParams", value: Buffer.from("select") },
      metadata: { "prism-principal": "anonymous" },
    });
    expect(prism.counted("query", "OK")).toBe(1);
  });

  test("takes and answers messages of known types by their fields", async () => {
    const value = anyPack(StringValueSchema, create(StringValueSchema, { value: "rows" }));
    prism.plugin.answer = (call) =>
      answerWith(call, { success: true, result: { case: "typedResult", value } });

    const typedParams = { "@type": url, value: "select" };
    const { body } = await ask(prism.port, { ...query, body: JSON.stringify({ typedParams }) });

    expect(JSON.parse(body.toString())).toEqual({ typedResult: { "@type": url, value: "rows" } });
    expect(prism.plugin.calls[0]?.request.params).toMatchObject({
      case: "typedParams",
      value: { typeUrl: url, value: Buffer.from("\n\u0006select") },
    });
  });

  test("takes and answers messages of other types by their bytes", async () => {
    const value = { typeUrl: "example.com/acme.Rows", value: Buffer.from("rows") };
    prism.plugin.answer = (call) =>
      answerWith(call, { success: true, result: { case: "typedResult", value } });

    const typedParams = { "@type": "example.com/acme.Query", value: "c2VsZWN0" };
    const { body } = await ask(prism.port, { ...query, body: JSON.stringify({ typedParams }) });

    expect(JSON.parse(body.toString())).toEqual({
      typedResult: { "@type": "example.com/acme.Rows", value: "cm93cw==" },
    });
    expect(prism.plugin.calls[0]?.request.params).toMatchObject({
      value: { typeUrl: "example.com/acme.Query", value: Buffer.from("select") },
    });
  });

  test("takes no parameters and answers nothing", async () => {
    prism.plugin.answer = (call) => answerWith(call, { success: true });

    const { status, body } = await ask(prism.port, query);

    expect([status, body.toString()]).toEqual([200, "{}\n"]);
  });

  test("that fails is told with the plugin's code and sentence", async () => {
    prism.plugin.answer = (call) =>
      answerWith(call, { success: false, error: "no such table", errorCode: 5 });

    const { status, body } = await ask(prism.port, query);

    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 5, message: "no such table" });
  });

  test.each([
    ["[]", "it is no object"],
    ['{"operation":"other"}', "not that of the path"],
    ['{"rawParams":"","typedParams":{"@type":"a/b"}}', "both"],
    ['{"typedParams":{"@type":"a/b","field":1}}', "typedParams"],
    ['{"params":1}', "params"],
    ["\u0000", "rawParams"],
  ])("refuses the body %o and says what fits", async (body, says) => {
    const refused = await ask(prism.port, { ...query, body });

    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain(says);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("is streamed when the client asks for it and the plugin does not say", async () => {
    prism.plugin.answer = (call) => answerRaw(call, framed(Buffer.from([0x18, 1])));

    const accept = "application/x-ndjson";
    const { body } = await ask(prism.port, { ...query, headers: { ...json, accept } });

    expect(body.toString()).toBe('{"isFinal":true}\n');
    expect(prism.plugin.calls[0]?.headers.get(":path")).toBe("/prism.plugin.BackendPlugin/ExecuteStream");
  });

  test("answers a plugin's garbage with 500", async () => {
    const value = { typeUrl: url, value: Buffer.from([255]) };
    prism.plugin.answer = (call) =>
      answerWith(call, { success: true, result: { case: "typedResult", value } });

    const { status, body } = await ask(prism.port, query);

    expect(status).toBe(500);
    expect(body.toString()).toContain("no type.googleapis.com/google.protobuf.StringValue");
  });
});
