import { create, createRegistry, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  anyPack,
  AnySchema,
  BytesValueSchema,
  DoubleValueSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  Int32ValueSchema,
  StructSchema,
  UInt64ValueSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import {
  IncrementRequestSchema,
  SetRequestSchema,
  MGetResponseSchema,
  CompareAndSetResponseSchema,
} from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  ExecuteRequestSchema,
  HealthCheckResponseSchema,
} from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { messageFromJson, messageToJson, readJson } from "../../../src/protocol/index.js";

const registry = createRegistry(file_google_protobuf_struct, file_google_protobuf_wrappers);
const digits = 30;

function deltaOf(number: string): bigint {
  const json = readJson(Buffer.from(`{"key":"k","delta":${number}}`));
  return messageFromJson(IncrementRequestSchema, json, { digits }).delta;
}

describe("a message of JSON", () => {
  test.each([
    ["9007199254740993", 9007199254740993n],
    ["1234567890123456789", 1234567890123456789n],
    ["-9223372036854775808", -9223372036854775808n],
    ["1.234567890123456789e18", 1234567890123456789n],
    ["9007199254740993.0", 9007199254740993n],
    ['"1234567890123456789"', 1234567890123456789n],
    ["1e3", 1000n],
  ])("has the whole number %s exactly", (written, meant) => {
    expect(deltaOf(written)).toBe(meant);
  });

  test.each([
    ...["9223372036854775808", "1e400", "1e999999999", "1.0000000000000000001", "1.5", "true"],
    ...['"0x10"', '""', '" 1"', '"1e400"'],
  ])("takes %s for no whole number", (written) => {
    expect(() => deltaOf(written)).toThrow();
  });

  test.each([
    [{ key: "k", delta: "x" }, 'delta: "x" is no whole number'],
    [{ key: "k", dleta: 1 }, 'there is no field "dleta"; did you mean "delta"?'],
    [{ key: "k", more: 1 }, 'there is no field "more"'],
  ])("that does not fit is told with the field: %j", (json, why) => {
    const read = (): unknown => messageFromJson(IncrementRequestSchema, json, { digits });

    expect(read).toThrow(why);
  });

  test("has bytes as base64, and says so where they are not", () => {
    const read = (): unknown => messageFromJson(SetRequestSchema, { key: "k", value: "hello!" }, { digits });

    expect(read).toThrow(/SetRequest\.value.*bytes are base64 in JSON/);
  });

  test("has a number of 64 bits without a sign exactly, wherever it stands", () => {
    const json = readJson(
      Buffer.from(
        '{"typedParams":{"@type":"type.googleapis.com/google.protobuf.UInt64Value","value":18446744073709551615}}',
      ),
    );

    const { params } = messageFromJson(ExecuteRequestSchema, json, { registry, digits });

    expect(params.case === "typedParams" && toJson(AnySchema, params.value, { registry })).toEqual({
      "@type": "type.googleapis.com/google.protobuf.UInt64Value",
      value: "18446744073709551615",
    });
  });

  test("has the nearest double where a double is meant", () => {
    const double = (text: string): number =>
      messageFromJson(DoubleValueSchema, readJson(Buffer.from(text)), { digits }).value;

    expect(double("0.1234567890123456789")).toBe(0.12345678901234568);
    expect(double("9007199254740993")).toBe(9007199254740992);
    expect(() => double("1e400")).toThrow("infinite");
  });

  test.each(["9007199254740993", "0.1234567890123456789", "1e400", "1e-400"])(
    "refuses %s in a google.protobuf.Value, whose double cannot hold it",
    (written) => {
      const read = (): unknown =>
        messageFromJson(StructSchema, readJson(Buffer.from(`{"a":[${written}]}`)), { digits });

      expect(read).toThrow(`a double cannot hold the number ${written}`);
    },
  );

  test.each(["1e21", "0.30000000000000004", "0.10000000000000001", "5e-324", "100000000000000000000"])(
    "takes %s in a google.protobuf.Value",
    (written) => {
      const value = messageFromJson(ValueSchema, readJson(Buffer.from(written)), { digits });

      expect(value.kind.value).toBe(Number(written));
    },
  );

  test("has a field once, however it is spelt", () => {
    const twice = readJson(Buffer.from('{"rawParams":"","raw_params":""}'));

    expect(() => messageFromJson(ExecuteRequestSchema, twice, { digits })).toThrow("multiple times");
  });

  test("has what is written under __proto__", () => {
    const json = readJson(Buffer.from('{"metadata":{"__proto__":"x"}}'));

    const { metadata } = messageFromJson(ExecuteRequestSchema, json, { digits });

    expect(Object.entries(metadata)).toEqual([["__proto__", "x"]]);
  });

  test("refuses a text of more digits than a number may have, and names the bound", () => {
    const json = readJson(Buffer.from(`{"delta":"${"9".repeat(31)}"}`));

    expect(() => messageFromJson(IncrementRequestSchema, json, { digits })).toThrow(
      expect.objectContaining({ bound: "digits" }) as Error,
    );
  });
});

describe("JSON of a message", () => {
  const anyOf = anyPack(BytesValueSchema, create(BytesValueSchema, { value: Buffer.from("bytes") }));
  const everything: JsonValue = { a: [1, null, "x", { __proto__x: true }], b: { c: {} } };

  test.each([
    [
      MGetResponseSchema,
      create(MGetResponseSchema, { entries: [{ key: "k", found: true, value: Buffer.from("v") }, {}] }),
    ],
    [MGetResponseSchema, create(MGetResponseSchema)],
    [CompareAndSetResponseSchema, create(CompareAndSetResponseSchema, { current: Buffer.from("c") })],
    [CompareAndSetResponseSchema, create(CompareAndSetResponseSchema, { swapped: true })],
    [IncrementRequestSchema, create(IncrementRequestSchema, { delta: 2n ** 62n })],
    [
      ExecuteRequestSchema,
      create(ExecuteRequestSchema, { metadata: { a: "b" }, params: { case: "typedParams", value: anyOf } }),
    ],
    [
      ExecuteRequestSchema,
      create(ExecuteRequestSchema, { params: { case: "rawParams", value: Buffer.from("\xff") } }),
    ],
    [HealthCheckResponseSchema, create(HealthCheckResponseSchema, { message: "m" })],
    [StructSchema, fromJson(StructSchema, everything)],
    [DoubleValueSchema, create(DoubleValueSchema, { value: NaN })],
    [Int32ValueSchema, create(Int32ValueSchema, { value: -1 })],
    [UInt64ValueSchema, create(UInt64ValueSchema, { value: 2n ** 64n - 1n })],
    [AnySchema, anyOf],
    [AnySchema, create(AnySchema)],
  ])("is canonical, as of %s", (schema, message) => {
    const canonical = toJson(schema, message, { alwaysEmitImplicit: true, registry });

    expect(messageToJson(schema, message, registry)).toEqual(canonical);
  });

  test("is not made of an Any whose type nobody knows", () => {
    const any = create(AnySchema, { typeUrl: "x/acme.Order" });

    expect(() => messageToJson(AnySchema, any, registry)).toThrow("not in the type registry");
  });
});
