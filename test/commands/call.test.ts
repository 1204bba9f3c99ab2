import { create, type DescMessage, fromBinary, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Code } from "../../src/client/index.js";
import Call from "../../src/commands/call.js";
import { Data } from "../../src/protocol/gen/prism/data/v1/data_pb.js";
import {
  GetResponseSchema,
  MSetRequestSchema,
  ScanResponseSchema,
  SetRequestSchema,
  SetResponseSchema,
} from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import type { ExecuteRequest, ExecuteResponseSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { failure, StockServer } from "../support/stock-server.js";
import { type Ended, runCommand } from "./run-command.js";

let server: StockServer;
let address: string;
let requests: ExecuteRequest[];
let namespaces: unknown[];
let answer: () => MessageInitShape<typeof ExecuteResponseSchema>;
beforeEach(async () => {
  requests = [];
  namespaces = [];
  server = new StockServer().unary(Data.method.execute, (request, { headers }) => {
    requests.push(request);
    namespaces.push(headers.get("prism-namespace")[0]);
    return answer();
  });
  address = await server.listen();
});
afterEach(() => server.stop());

function call(...argv: string[]): Promise<Ended> {
  return runCommand(Call, `--address=${address}`, ...argv);
}

/** A plugin's answer with a message of a type. */
function typed<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>) {
  return {
    success: true,
    result: { case: "typedResult", value: anyPack(schema, create(schema, message)) },
  } as const;
}

/** A message of a stream. */
function rawResult(text: string) {
  return { result: { case: "rawResult", value: Buffer.from(text) } } as const;
}

/** The one request that was sent, its parameters as canonical JSON. */
function sent(schema: DescMessage) {
  const { operation, params } = requests[0] ?? {};
  if (params?.case !== "typedParams") throw new Error("no typed parameters");
  const { typeUrl, value } = params.value;
  return { operation, typeUrl, fields: toJson(schema, fromBinary(schema, value)) };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("prism call", () => {
  test("takes a key and a value as text, so that nobody writes base64", async () => {
    answer = () => typed(SetResponseSchema, {});

    const ended = await call("default", "set", '{"ttlMs":"5000"}', "--key=greeting", "--value=grüße");

    expect(namespaces).toEqual(["default"]);
    expect(sent(SetRequestSchema)).toEqual({
      operation: "set",
      typeUrl: "type.googleapis.com/prism.keyvalue.v1.SetRequest",
      fields: { key: "greeting", value: base64("grüße"), ttlMs: "5000" },
    });
    expect(ended).toMatchObject({ stdout: "{}\n", exitCode: 0 });
  });

  test("tells an answer that is text as JSON too", async () => {
    answer = () => ({ success: true, result: { case: "rawResult", value: Buffer.from("Hello, Ann!") } });

    const plain = await call("hello", "greet", "Ann");
    const json = await call("hello", "greet", "Ann", "--json");

    expect(plain.stdout).toBe('"Hello, Ann!"\n');
    expect(JSON.parse(json.stdout)).toEqual({ text: "Hello, Ann!" });
  });

  test("pairs the first --key with the first --value for mset", async () => {
    answer = () => typed(SetResponseSchema, {});

    await call("default", "mset", "-k=a", "--value=1", "-k=b", "--value=2");

    expect(sent(MSetRequestSchema).fields).toEqual({
      pairs: [
        { key: "a", value: base64("1") },
        { key: "b", value: base64("2") },
      ],
    });
  });

  test("prints canonical protobuf JSON, fields that are not set included", async () => {
    answer = () => typed(GetResponseSchema, {});

    const ended = await call("default", "get", "--key=missing");

    expect(ended.stdout).toBe('{"found":false,"value":""}\n');
  });

  test("prints int64 and bytes as canonical JSON has them", async () => {
    answer = () =>
      typed(ScanResponseSchema, { entries: [{ key: "a", found: true, value: Buffer.from("1") }] });

    const ended = await call("default", "scan", '{"prefix":"a","with_values":true}', "--json");

    expect(JSON.parse(ended.stdout)).toEqual({
      entries: [{ key: "a", found: true, value: "MQ==" }],
      nextPageToken: "",
    });
  });

  test("sends the parameters of an operation that has no typed service as they are", async () => {
    answer = () => ({ success: true, result: { case: "rawResult", value: Buffer.from("done") } });

    const ended = await call("default", "vacuum", '{"full":true}');

    const { operation, params } = requests[0] ?? {};
    expect(operation).toBe("vacuum");
    expect(params).toEqual({ case: "rawParams", value: Buffer.from('{"full":true}') });
    expect(ended.stdout).toBe('"done"\n');
  });

  test("prints each answer of an operation that streams, as it comes", async () => {
    answer = () => ({ success: false, error: '"greet_all" streams', errorCode: Code.UNIMPLEMENTED });
    const asked: unknown[] = [];
    server.bidi(Data.method.executeStream, async function* (messages) {
      for await (const { operation, params } of messages) asked.push([operation, params.value]);
      yield rawResult("Hello, Ann!");
      yield rawResult("Hello again!");
      yield { isFinal: true };
    });

    const plain = await call("hello", "greet_all", "Ann");
    const json = await call("hello", "greet_all", "Ann", "--json");

    expect(asked[0]).toEqual(["greet_all", Buffer.from("Ann")]);
    expect(plain).toMatchObject({ stdout: '"Hello, Ann!"\n"Hello again!"\n', exitCode: 0 });
    expect(JSON.parse(json.stdout)).toEqual(["Hello, Ann!", "Hello again!"]);
  });

  test("of an operation that is not there says what the plugin said first", async () => {
    answer = () => ({ success: false, error: 'no operation "greeet"', errorCode: Code.UNIMPLEMENTED });
    server.bidi(Data.method.executeStream, () => {
      throw failure(Code.UNIMPLEMENTED, "no such stream", { reason: "OPERATION_NOT_SERVED" });
    });

    const ended = await call("hello", "greeet", "Ann");

    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('no operation "greeet"');
  });

  for (const flag of ["key", "value", "expected"]) {
    test(`refuses --${flag} for a plugin's own operation, and says how to give its parameters`, async () => {
      const ended = await call("hello", "greet", `--${flag}=Ann`);

      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain(`--${flag} goes with the operations of Prism's patterns`);
      expect(ended.stderr).toContain("prism call <namespace> greet <parameters>");
      expect(requests).toEqual([]);
    });
  }

  test("of an operation that is misspelt, with a flag, is exit code 2 and names the one that was meant", async () => {
    const ended = await call("default", "gte", "--key=greeting");

    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('"gte" is none of them: did you mean "get"?');
  });

  test("of an operation that fails is exit code 1 and the plugin's own sentence", async () => {
    answer = () => ({ success: false, error: '"x" is no number: increment one that is', errorCode: 9 });

    const ended = await call("default", "increment", '{"key":"x","delta":1}', "--json");

    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { kind: "operationFailed", code: 9, message: '"x" is no number: increment one that is' },
    });
  });

  for (const [why, argv] of [
    ["a field that is not there", ["get", '{"kee":"a"}']],
    ["parameters that are no JSON", ["get", "{key}"]],
    ["a list for parameters", ["get", "[]"]],
    ["a value where none is taken", ["get", "--value=v"]],
    ["two keys where one is taken", ["get", "-k=a", "-k=b"]],
    ["a duration without its unit", ["get", "--for=10"]],
  ] as const) {
    test(`refuses ${why} with exit code 2, before anything is sent`, async () => {
      const ended = await call("default", ...argv);

      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).not.toBe("");
      expect(requests).toEqual([]);
    });
  }
});

test("prism call at an address that is none is exit code 2, and says what one looks like", async () => {
  const ended = await runCommand(Call, "default", "get", "--address=localhost");

  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain('"localhost" is no address: write host:port');
});

describe("prism call, again and again", () => {
  test("--count calls so many times and ends with the tally", async () => {
    answer = () => typed(GetResponseSchema, { found: true });

    const ended = await call("default", "get", "--key=k", "--count=3", "--quiet", "--json");

    expect(requests).toHaveLength(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ calls: 3, ok: 3, failed: 0, failures: {} });
    expect(ended.exitCode).toBe(0);
  });

  test("a call that fails is counted under its kind, the others go on, and the exit code is 1", async () => {
    answer = () => {
      if (requests.length === 2) {
        throw failure(Code.UNAVAILABLE, "no instance serves it", { reason: "PLUGIN_AWAY" });
      }
      return typed(GetResponseSchema, { found: true });
    };

    const ended = await call("default", "get", "--key=k", "--count=3", "--quiet");

    expect(ended.stdout).toMatch(/^3 calls in .* s: 2 ok, 1 failed/);
    expect(ended.stdout).toContain("1 × pluginAway: no instance serves it");
    expect(ended.exitCode).toBe(1);
  });

  test("--for ends by itself", async () => {
    answer = () => typed(GetResponseSchema, { found: true });

    const ended = await call("default", "get", "--key=k", "--for=100ms", "--quiet");

    expect(ended.stdout).toContain("0 failed");
    expect(requests.length).toBeGreaterThan(1);
  });
});
