import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ExecuteRequestSchema, StreamRequestSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { readEnvelope, readMetadata } from "../../src/sdk/envelope.js";

const bytes = fc.uint8Array({ maxLength: 300 });
const typed = fc.record({
  case: fc.constant("typedParams" as const),
  value: fc.record({ typeUrl: fc.string({ unit: "binary" }), value: bytes }),
});
const raw = fc.record({ case: fc.constant("rawParams" as const), value: bytes });
const none = fc.constant({ case: undefined });
const request = fc.record({
  operation: fc.string({ unit: "binary" }),
  params: fc.oneof(typed, raw, none),
  metadata: fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), {
    noNullPrototype: true,
  }),
});

test("finds in an ExecuteRequest what a whole decoding finds", () => {
  fc.assert(
    fc.property(request, (init) => {
      const message = Buffer.from(toBinary(ExecuteRequestSchema, create(ExecuteRequestSchema, init)));
      const framed = Buffer.concat([Buffer.from("head"), message, Buffer.from("tail")]);

      const envelope = readEnvelope(framed, 4, 4 + message.length);

      expect(envelope.operation).toBe(init.operation);
      expect(envelope.hasMetadata).toBe(Object.keys(init.metadata).length > 0);
      expect(Object.fromEntries(readMetadata(framed, 4, 4 + message.length))).toEqual(init.metadata);
      const params = [...framed.subarray(envelope.start, envelope.end)];
      if (init.params.case === "typedParams") {
        expect(envelope).toMatchObject({ params: "typed", typeUrl: init.params.value.typeUrl });
        expect(params).toEqual([...init.params.value.value]);
      } else if (init.params.case === "rawParams") {
        expect(envelope.params).toBe("raw");
        expect(params).toEqual([...init.params.value]);
      } else expect(envelope.params).toBe("none");
    }),
  );
});

test("reads a StreamRequest by the same fields", () => {
  const init = { operation: "tail", params: { case: "rawParams" as const, value: Buffer.from("from here") } };
  const message = Buffer.from(toBinary(StreamRequestSchema, create(StreamRequestSchema, init)));

  const { operation, params, start, end } = readEnvelope(message, 0, message.length);

  expect([operation, params, message.toString("latin1", start, end)]).toEqual(["tail", "raw", "from here"]);
});

test("passes over fields it does not know, and refuses what is no protobuf", () => {
  const unknown = Buffer.from([
    0x78, 0xac, 0x02, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 1, 0x67,
  ]);

  expect(readEnvelope(unknown, 0, unknown.length).operation).toBe("g");
  for (const broken of [
    [0x0a, 5, 1],
    [0x0a],
    [0x0b],
    [0xff, 0xff],
    [0x0a, ...Array<number>(11).fill(0xff)],
  ]) {
    expect(() => readEnvelope(Buffer.from(broken), 0, broken.length)).toThrow(RangeError);
  }
});

test("the last entry of a metadata key stands, so that a client cannot forge what Prism appends", () => {
  const forged = create(ExecuteRequestSchema, { operation: "get", metadata: { "prism-principal": "root" } });
  const appended = create(ExecuteRequestSchema, { metadata: { "prism-principal": "ann" } });
  const message = Buffer.concat([
    toBinary(ExecuteRequestSchema, forged),
    toBinary(ExecuteRequestSchema, appended),
  ]);

  expect(readMetadata(message, 0, message.length).get("prism-principal")).toBe("ann");
});
