import { setImmediate as turn } from "node:timers/promises";
import { create, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { anyPack, StructSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, test } from "vitest";
import {
  IncrementRequestSchema,
  IncrementResponseSchema,
  MGetResponseSchema,
} from "../../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  StreamRequestSchema,
  StreamResponseSchema,
} from "../../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import type { WireLimits } from "../../../../src/runtime/model/proxy-messages.js";
import { MessageReader } from "../../../../src/wire/index.js";
import { answerRaw, framed, type ReceivedCall } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { type Answer, carriers } from "./ask.js";
import { answer, paramsOf } from "./key-value-stub.js";

const json = { "content-type": "application/json" };
const lines = { "content-type": "application/x-ndjson" };

let prism: Proxied;
async function start(limits: Partial<WireLimits> = {}): Promise<void> {
  const names = ["get", "mget", "increment", "greet"];
  const operations = [{ name: "watch", streaming: true }, ...names.map((name) => ({ name }))];
  prism = await Proxied.start({ limits, route: { operations } });
}
afterEach(() => prism.stop());

/** Answers `increment` with what it was asked to add. */
function echoDelta(call: ReceivedCall): void {
  answer(call, IncrementResponseSchema, { value: paramsOf(call, IncrementRequestSchema).delta });
}

/** Answers a stream with nothing, once all of the request is there. */
function answerNothing(call: ReceivedCall): void {
  answerRaw(call, Buffer.alloc(0));
}

function told({ body }: Answer): { message: string; details: [{ metadata: { limit: string } }] } {
  return JSON.parse(body.toString()) as ReturnType<typeof told>;
}

describe.each(carriers)("JSON over %s", (_carrier, ask) => {
  const post = (operation: string, body: string | Buffer, headers: Readonly<Record<string, string>> = json) =>
    ask(prism.port, { method: "POST", path: `/v1/namespaces/orders/${operation}`, headers, body });

  test.each(["9007199254740993", "1234567890123456789", "-9223372036854775808"])(
    "has the whole number %s exactly",
    async (number) => {
      await start();
      prism.plugin.answer = echoDelta;

      const asNumber = await post("increment", `{"key":"k","delta":${number}}`);
      const asText = await post("increment", `{"key":"k","delta":"${number}"}`);

      expect([asNumber.body.toString(), asText.body.toString()]).toEqual(
        Array(2).fill(`{"value":"${number}"}\n`),
      );
    },
  );

  test.each([
    [
      'the key "delta" stands twice in one object',
      "increment",
      '{"key":"k",\n "delta":1,"delta":2}',
      "line 2, column 12",
    ],
    ["a whole number is out of range", "increment", '{"key":"k","delta":9223372036854775808}', "delta"],
    ["a field is set multiple times", "greet", '{"rawParams":"aGk=","raw_params":"aGk="}', "raw_params"],
    [
      "a double cannot hold the number",
      "greet",
      '{"typedParams":{"@type":"x/google.protobuf.Struct","value":{"a":9007199254740993}}}',
      "9007199254740993",
    ],
    [
      'the key "value" stands twice',
      "greet",
      '{"typedParams":{"@type":"x/acme.T","value":"","value":""}}',
      "column 47",
    ],
    ['the key "rawParams" stands twice', "watch", '{"rawParams":"","rawParams":"aGk="}', "column 17"],
  ])("is refused where %s", async (why, operation, body, where) => {
    await start();

    const refused = await post(operation, body);

    expect(refused.status).toBe(400);
    expect(told(refused).message).toContain(why.replace(/^a (field|whole number) is /, ""));
    expect(told(refused).message).toContain(where);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("that is no UTF-8 is refused, and nothing is put in its place", async () => {
    await start();

    const refused = await post("get", Buffer.from('{"key":"caf\xe9"}', "latin1"));

    expect(refused.status).toBe(400);
    expect(told(refused).message).toContain("line 1, column 8: the text is not UTF-8");
  });

  test("of a line of a stream is refused by the number of the line", async () => {
    await start();
    prism.plugin.answer = answerNothing;

    const body = '{"rawParams":"aGk="}\n\n{"rawParams":"aGk=","rawParams":"aGk="}\n';
    const refused = await post("watch", body, lines);

    expect(told(refused).message).toContain("line 3, column 21: the key");
  });

  test.each([
    ["json_depth", { jsonDepth: 5 }, "[".repeat(6)],
    ["json_digits", { jsonDigits: 40 }, `{"delta":${"9".repeat(41)}`],
    ["json_values", { jsonValues: 100 }, `{${Array.from({ length: 101 }, (_, i) => `"k${i}":1`).join()}`],
    ["json_values", { jsonValues: 100 }, `[${"1,".repeat(101)}`],
  ])("that costs more than server.limits.%s is refused before it is whole", async (key, limits, body) => {
    await start(limits);

    const refused = await post("increment", body);
    const refusedLine = await post("watch", body, lines);

    const limit = `server.limits.${key}`;
    expect([refused.status, refusedLine.status]).toEqual([413, 413]);
    expect(told(refused).details[0].metadata.limit).toBe(limit);
    expect(told(refused).message).toContain(limit);
    expect(prism.counted("increment", "RESOURCE_EXHAUSTED")).toBe(1);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("has no more digits in a number that is written as a text either", async () => {
    await start({ jsonDigits: 40 });

    const refused = await post("increment", `{"delta":"${"9".repeat(41)}"}`);

    expect(refused.status).toBe(413);
    expect(told(refused).details[0].metadata.limit).toBe("server.limits.json_digits");
  });

  test("holds for a value more than its bytes, and lets go of it with the answer", async () => {
    await start({ httpHeldBytes: 20_000 });
    prism.plugin.answer = echoDelta;

    const body = `{"key":[${"1,".repeat(400)}1]}`;
    const refused = await post("increment", body);
    const taken = await post("increment", '{"key":"k","delta":1}');

    expect(refused.status).toBe(429);
    expect(told(refused).details[0].metadata.limit).toBe("server.limits.http_held_bytes");
    expect(taken.status).toBe(200);
  });

  test("of lines holds one line at a time", async () => {
    await start({ httpHeldBytes: 20_000 });
    prism.plugin.answer = answerNothing;

    const line = `{"rawParams":"${"aGk=".repeat(100)}"}\n`;
    const taken = await post("watch", line.repeat(200), lines);

    expect(taken.status).toBe(200);
    const messages = new MessageReader().push(prism.plugin.calls[0]?.framed ?? Buffer.alloc(0));
    expect(messages.map((message) => fromBinary(StreamRequestSchema, message))).toHaveLength(200);
  });

  test("of an answer has as many fields as json_values allows", async () => {
    await start({ jsonValues: 100 });
    const found = (count: number) => (call: ReceivedCall) =>
      answer(call, MGetResponseSchema, { entries: Array.from({ length: count }, () => ({ found: true })) });

    prism.plugin.answer = found(50);
    const taken = await post("mget", '{"keys":["k"]}');
    prism.plugin.answer = found(51);
    const refused = await post("mget", '{"keys":["k"]}');

    expect([taken.status, refused.status]).toEqual([200, 422]);
    expect(told(refused)).toMatchObject({
      code: 8,
      message: expect.stringContaining("more than 100 fields") as string,
      details: [{ metadata: { limit: "server.limits.json_values" } }],
    });
  });

  test("of a stream's answer has as many fields as json_values allows", async () => {
    await start({ jsonValues: 100 });
    const struct = fromJson(
      StructSchema,
      Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, true])),
    );
    prism.plugin.answer = (call) => {
      const value = anyPack(StructSchema, struct);
      const message = create(StreamResponseSchema, { result: { case: "typedResult", value } });
      answerRaw(call, framed(toBinary(StreamResponseSchema, message)));
    };

    const refused = await post("watch", "{}");

    expect(told(refused).message).toContain("server.limits.json_values");
  });

  test("lets other work of the loop come between: the lines of one body do not run in one turn", async () => {
    await start();
    prism.plugin.answer = answerNothing;
    const over = new AbortController();
    let turns = 0;
    const watching = (async () => {
      for (; !over.signal.aborted; turns++) await turn();
    })();

    await post("watch", '{"rawParams":"aGk="}\n'.repeat(30_000), lines);
    over.abort();
    await watching;

    expect(turns).toBeGreaterThan(10);
  });
});
