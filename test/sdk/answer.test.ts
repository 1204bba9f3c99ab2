import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  ExecuteResponseSchema,
  StreamResponseSchema,
} from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { Code, PrismError } from "../../src/protocol/index.js";
import { AnswerWriter, failureAnswer } from "../../src/sdk/answer.js";

const sizes = [0, 1, 100, 127, 128, 16_383, 16_384, 300_000, 3_000_000];

function messageOf({ head, body }: { head: Uint8Array; body: Uint8Array }): Buffer {
  const framed = Buffer.concat([head, body]);
  expect(framed[0]).toBe(0);
  expect(framed.readUInt32BE(1)).toBe(framed.length - 5);
  return framed.subarray(5);
}

test("what is written before a result makes it the ExecuteResponse that protobuf would have made", () => {
  for (const size of sizes) {
    const value = Buffer.alloc(size, 7);

    const typed = fromBinary(ExecuteResponseSchema, messageOf(new AnswerWriter("unary", "a.B").wrap(value)));
    const raw = fromBinary(ExecuteResponseSchema, messageOf(new AnswerWriter("unary", "bytes").wrap(value)));

    expect(typed.success && raw.success).toBe(true);
    expect(typed.result.case === "typedResult" && typed.result.value.typeUrl).toBe("type.googleapis.com/a.B");
    expect(typed.result.case === "typedResult" && value.equals(typed.result.value.value)).toBe(true);
    expect(raw.result.case === "rawResult" && value.equals(raw.result.value)).toBe(true);
  }
});

test("and the StreamResponse likewise", () => {
  for (const size of sizes) {
    const value = Buffer.alloc(size, 7);

    const typed = fromBinary(
      StreamResponseSchema,
      messageOf(new AnswerWriter("streaming", "a.B").wrap(value)),
    );
    const raw = fromBinary(
      StreamResponseSchema,
      messageOf(new AnswerWriter("streaming", "bytes").wrap(value)),
    );

    expect(typed.result.case === "typedResult" && value.equals(typed.result.value.value)).toBe(true);
    expect(raw.result.case === "rawResult" && value.equals(raw.result.value)).toBe(true);
    expect(typed.isFinal || raw.isFinal).toBe(false);
  }
});

test("a large result is not copied", () => {
  const value = Buffer.alloc(1_000_000);

  expect(new AnswerWriter("unary", "bytes").wrap(value).body).toBe(value);
});

test("a failure tells its code and its sentence in the body", () => {
  const error = new PrismError("operationFailed", "the table is gone", { code: Code.FAILED_PRECONDITION });

  const message = fromBinary(ExecuteResponseSchema, failureAnswer(error).subarray(5));

  expect(message).toMatchObject({ success: false, error: "the table is gone", errorCode: 9 });
});
