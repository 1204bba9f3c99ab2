import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GetResponseSchema } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { ExecuteResponseSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { ExecuteResponseReader } from "../../src/protocol/index.js";

const reader = new ExecuteResponseReader();
const getResponse = Buffer.from("prism.keyvalue.v1.GetResponse");

const replies = fc.record({
  success: fc.boolean(),
  error: fc.string({ maxLength: 60 }),
  errorCode: fc.integer({ min: 0, max: 20 }),
  bytes: fc.nat(400),
  hasResult: fc.boolean(),
  hasMetrics: fc.boolean(),
});

/** A reply, with a value of so many bytes. */
function encode({
  success,
  error,
  errorCode,
  bytes,
  hasResult,
  hasMetrics,
}: typeof replies extends fc.Arbitrary<infer R> ? R : never): Buffer {
  const value = anyPack(
    GetResponseSchema,
    create(GetResponseSchema, { found: true, value: new Uint8Array(bytes) }),
  );
  const result = hasResult ? ({ case: "typedResult", value } as const) : undefined;
  const metrics = hasMetrics ? { requestsTotal: 7n, latencyMs: 0.5 } : undefined;
  const response = create(ExecuteResponseSchema, {
    success,
    error,
    errorCode,
    ...(result && { result }),
    ...(metrics && { metrics }),
  });
  return Buffer.from(toBinary(ExecuteResponseSchema, response));
}

describe("the shallow look at an ExecuteResponse", () => {
  test("finds what a decoder finds", () => {
    fc.assert(
      fc.property(replies, fc.nat(20), (reply, offset) => {
        const message = encode(reply);
        const bytes = Buffer.concat([Buffer.alloc(offset, 255), message]);

        expect(reader.read(bytes, offset, bytes.length)).toBe("whole");

        const decoded = fromBinary(ExecuteResponseSchema, message);
        expect(reader).toMatchObject({ success: decoded.success, errorCode: decoded.errorCode });
        expect(reader.error(1000)).toBe(decoded.error);
        expect(reader.result).toBe(reply.hasResult ? "typed" : "none");
        const value = bytes.subarray(reader.valueStart, reader.valueEnd);
        if (decoded.result.case === "typedResult") {
          expect(value.equals(decoded.result.value.value)).toBe(true);
          expect(reader.isA(getResponse)).toBe(true);
        }
      }),
    );
  });

  test("of a beginning says that more is needed, or that the value goes on, and never that it is garbage", () => {
    fc.assert(
      fc.property(replies, fc.double({ min: 0, max: 1, noNaN: true }), (reply, share) => {
        const message = encode(reply);
        const beginning = message.subarray(0, Math.floor(message.length * share));

        const read = reader.read(beginning, 0, message.length);

        expect(beginning.length === message.length ? ["whole"] : ["needs more", "value goes on"]).toContain(
          read,
        );
        if (read === "value goes on") expect(reader.valueEnd).toBeGreaterThan(beginning.length);
      }),
      { numRuns: 500 },
    );
  });

  test("reads any bytes without harm, and stays within them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (some) => {
        const bytes = Buffer.from(some);

        const read = reader.read(bytes, 0, bytes.length);

        expect(["whole", "garbage"]).toContain(read);
        if (read === "whole") expect(reader.valueEnd).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  test("does not take one type for another", () => {
    const other = {
      typeUrl: "type.googleapis.com/evilprism.keyvalue.v1.GetResponse",
      value: new Uint8Array(3),
    };
    const response = create(ExecuteResponseSchema, {
      success: true,
      result: { case: "typedResult", value: other },
    });
    const bytes = Buffer.from(toBinary(ExecuteResponseSchema, response));

    reader.read(bytes, 0, bytes.length);

    expect(reader.isA(getResponse)).toBe(false);
  });
});
