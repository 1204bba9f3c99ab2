import { toBinary, create } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import * as kv from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { boundFields, nestedFields } from "../../src/sdk/bound-fields.js";
import { readEnvelope } from "../../src/sdk/envelope.js";
import { Code, keyValue } from "../../src/sdk/index.js";
import { decoderOf } from "../../src/sdk/shape.js";
import { serveOperations } from "./support.js";

const most = 100_000;
const tooMany: unknown = expect.objectContaining({
  code: Code.RESOURCE_EXHAUSTED,
  message: expect.stringContaining("more than 100000 fields (request_fields)") as unknown,
});
const keys = (count: number) => Array.from({ length: count }, () => "k");
/** So many fields of a number that have no bytes. */
const empty = (number: number, count: number) => Buffer.alloc(2 * count, Buffer.from([(number << 3) | 2, 0]));

test("a request of more fields than it may have is refused before its operation runs", async () => {
  let runs = 0;
  const operations = keyValue({ mget: () => ({ entries: [{ key: "k", found: ++runs > 1 }] }) });
  await using served = await serveOperations(operations);
  const mget = { operation: "mget", request: kv.MGetRequestSchema, response: kv.MGetResponseSchema };
  const ask = (count: number) => served.client.run({ namespace: "ns", ...mget }, { keys: keys(count) });

  expect((await ask(most)).entries).toHaveLength(most);
  await expect(ask(most + 1)).rejects.toEqual(tooMany);

  expect(runs).toBe(1);
});

test("fields count at every level, known or not, and those within their entries too", () => {
  const nested = nestedFields(kv.MSetRequestSchema);
  const pairs = (count: number) =>
    toBinary(kv.MSetRequestSchema, create(kv.MSetRequestSchema, { pairs: keys(count).map(pairOf) }));

  boundFields(pairs(most / 2), nested);
  expect(() => boundFields(pairs(most / 2 + 1), nested)).toThrow(tooMany);
  boundFields(empty(9, most), nested);
  expect(() => boundFields(empty(9, most + 1), nested)).toThrow(tooMany);

  const fields = Object.fromEntries(keys(most / 4 + 1).map((key, i) => [`${key} ${i}`, { kind }]));
  const struct = toBinary(StructSchema, create(StructSchema, { fields }));
  expect(() => decoderOf(StructSchema)(struct)).toThrow(tooMany);
});

test("what carries a request is bounded as it is, its metadata too", () => {
  const read = (bytes: Buffer) => () => readEnvelope(bytes, 0, bytes.length);
  const metadata = Buffer.concat([Buffer.from([0x22, 0xc2, 0x9a, 0x0c]), empty(1, most + 1)]);

  expect(read(empty(1, most))).not.toThrow();
  expect(read(empty(4, most + 1))).toThrow(tooMany);
  expect(read(metadata)).toThrow(tooMany);
});

test("keys that are not found count in an answer, and so do keys themselves", async () => {
  const operations = keyValue({
    mget: ({ keys: asked }) => ({ entries: asked.map((key) => ({ key, found: false })) }),
  });
  await using served = await serveOperations(operations, { answerBytes: 1_000_000 });
  const mget = { operation: "mget", request: kv.MGetRequestSchema, response: kv.MGetResponseSchema };
  const ask = (asked: string[]) => served.client.run({ namespace: "ns", ...mget }, { keys: asked });

  expect((await ask(keys(1000))).entries).toHaveLength(1000);
  await expect(ask(keys(20_000))).rejects.toThrow("answer_bytes (1000000)");
  await expect(ask(Array.from({ length: 1000 }, () => "k".repeat(1000)))).rejects.toThrow("answer_bytes");
});

const kind = { case: "numberValue" as const, value: 1 };

function pairOf(key: string): { key: string } {
  return { key };
}
