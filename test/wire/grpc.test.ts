import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeGrpcMessage,
  encodeGrpcMessage,
  formatTimeout,
  frameMessage,
  MessageReader,
  parseTimeout,
  statusFromHttp,
  statusFromReset,
} from "../../src/wire/index.js";

describe("gRPC messages", () => {
  test("are found wherever DATA splits them", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.array(fc.nat(400)), (sent, cuts) => {
        const reader = new MessageReader();
        let rest = Buffer.concat(sent.map(frameMessage));
        const found: Buffer[] = [];
        for (const cut of cuts) {
          found.push(...reader.push(rest.subarray(0, cut)));
          rest = rest.subarray(cut);
        }
        found.push(...reader.push(rest));
        expect(found.map((message) => Uint8Array.from(message))).toEqual(
          sent.map((message) => Uint8Array.from(message)),
        );
        expect(reader.atBoundary).toBe(true);
      }),
    );
  });

  test("that announce more than is allowed are refused by their head", () => {
    expect(() => new MessageReader(10).push(Buffer.from([0, 0, 0, 0, 11]))).toThrow("at most 10");
  });

  test("that say they are compressed are refused", () => {
    expect(() => new MessageReader().push(Buffer.from([1, 0, 0, 0, 0]))).toThrow("compressed");
  });
});

describe("grpc-timeout", () => {
  const examples = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["5u", 0.005],
    ["100000n", 0.1],
  ] as const;
  test.each(examples)("%s is %d ms", (text, ms) => {
    expect(parseTimeout(text)).toBeCloseTo(ms, 9);
  });

  test.each(["", "5", "S", "123456789S", "-1S", "1.5S", "1s"])("%j is none", (text) => {
    expect(parseTimeout(text)).toBeUndefined();
  });

  test("what is forwarded is never more than what is left", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
        const text = formatTimeout(ms);
        expect(text).toMatch(/^\d{1,8}[HMSmun]$/);
        expect(parseTimeout(text)).toBeLessThanOrEqual(ms);
      }),
    );
  });
});

describe("grpc-message", () => {
  test("comes back whatever it says, and travels as visible ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const coded = encodeGrpcMessage(text);
        expect(coded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeGrpcMessage(coded)).toBe(text);
      }),
    );
  });

  test("escapes that are none stay as they are", () => {
    expect(decodeGrpcMessage("100% %zz")).toBe("100% %zz");
  });
});

test("HTTP statuses and resets become the gRPC statuses of the published tables", () => {
  expect([400, 401, 403, 404, 429, 502, 503, 504, 418].map(statusFromHttp)).toEqual([
    13, 16, 7, 12, 14, 14, 14, 14, 2,
  ]);
  expect([8, 7, 11, 12, 2].map(statusFromReset)).toEqual([1, 14, 8, 7, 13]);
});
