import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SetRequestSchema } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { ExecuteRequestSchema } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { metadataEntries, RequestWrapper, typedOperations } from "../../src/protocol/index.js";

const set = typedOperations.get("set");
if (!set) throw new Error("there is no operation set");
const wrapper = new RequestWrapper(set);

/** What a proxy sends for a typed request. */
function wrapped(request: Uint8Array, suffix: Buffer): Buffer {
  const all = Buffer.alloc(wrapper.prefixBytes(request.length) + request.length + suffix.length);
  const at = wrapper.write(all, 0, request.length, suffix.length);
  all.set(request, at);
  all.set(suffix, at + request.length);
  return all;
}

describe("a typed request behind its prefix", () => {
  test("is an ExecuteRequest, whatever its size", () => {
    const sizes = fc.oneof(fc.nat(300), fc.constantFrom(100, 127, 128, 16_383, 16_384, 2_097_152));
    fc.assert(
      fc.property(sizes, fc.string({ minLength: 1 }), (bytes, principal) => {
        const request = create(SetRequestSchema, { key: "k", value: new Uint8Array(bytes) });
        const framed = wrapped(
          toBinary(SetRequestSchema, request),
          metadataEntries({ "prism-principal": principal }),
        );

        const { operation, params, metadata } = fromBinary(ExecuteRequestSchema, framed.subarray(5));
        const sent = params.case === "typedParams" ? anyUnpack(params.value, SetRequestSchema) : undefined;

        expect(framed.readUInt32BE(1)).toBe(framed.length - 5);
        expect([operation, metadata]).toEqual(["set", { "prism-principal": principal }]);
        expect(sent?.value.length).toBe(bytes);
      }),
      { numRuns: 60 },
    );
  });

  test("holds a client's own bytes, also those that pretend to be more than they are", () => {
    const lying = Buffer.from([0x0a, 0xff, 0xff, 0x03, 0x61]);

    const { params, metadata } = fromBinary(
      ExecuteRequestSchema,
      wrapped(lying, metadataEntries({ "prism-principal": "ann" })).subarray(5),
    );

    expect(params.case === "typedParams" && Buffer.from(params.value.value).equals(lying)).toBe(true);
    expect(metadata).toEqual({ "prism-principal": "ann" });
  });
});

describe("metadata that is appended to an ExecuteRequest", () => {
  test("overrides what the message says of the same key, and leaves the rest", () => {
    const message = toBinary(
      ExecuteRequestSchema,
      create(ExecuteRequestSchema, { operation: "get", metadata: { "prism-principal": "root", mine: "1" } }),
    );

    const all = Buffer.concat([message, metadataEntries({ "prism-principal": "ann", traceparent: "t" })]);

    expect(fromBinary(ExecuteRequestSchema, all).metadata).toEqual({
      "prism-principal": "ann",
      traceparent: "t",
      mine: "1",
    });
  });
});
