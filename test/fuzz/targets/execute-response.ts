import { notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  type ExecuteResponse,
  ExecuteResponseSchema,
} from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { ExecuteResponseReader, writeGrpcHeader } from "../../../src/protocol/index.js";
import { PartialReply } from "../../../src/runtime/data-plane/call/partial-reply.js";
import { cuts, pieces } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";
import { bytesOfFields, fields, type FuzzedField } from "../proto-fields.js";

const typeName = "prism.keyvalue.v1.GetResponse";
const any = {
  numbers: [1, 2],
  texts: [`type.googleapis.com/${typeName}`, "type.googleapis.com/other", "v".repeat(300)],
};
const response = { numbers: [1, 2, 3, 4, 4, 5], texts: ["it failed", "", "raw"], within: any };

const hexOf = (text: string): string => Buffer.from(text).toString("hex");
const plain = { wireType: 2, value: 0, overlong: 0, lie: 0 };
/** What most replies begin with. */
const success: FuzzedField = { ...plain, number: 1, wireType: 0, value: 1, content: "" };
const result: FuzzedField = {
  ...plain,
  number: 4,
  content: [
    { ...plain, number: 1, content: hexOf(`type.googleapis.com/${typeName}`) },
    { ...plain, number: 2, content: hexOf("v".repeat(300)) },
  ],
};

/**
 * ExecuteResponses: the shallow look finds what a decoder finds, takes whatever an encoder writes, and of a beginning
 * says nothing that the rest gives the lie to; a reply in pieces means what it means in one.
 */
export const executeResponse = fuzzTarget({
  name: "execute-response",
  testRuns: 1500,
  input: fc.record({ begin: fc.subarray([success, result]), fields: fields(response), cuts }),
  open: () => ({
    check: ({ begin, fields: more, cuts: lengths }) => {
      const all = [...begin, ...more];
      const bytes = bytesOfFields(all);
      const reader = new ExecuteResponseReader();
      const read = reader.read(bytes, 0, bytes.length);
      ok(read === "whole" || read === "garbage", `"${read}" of all there is`);
      if (isWellMade(all)) {
        strictEqual(read, "whole", "a good reply is refused");
        compare(reader, bytes, fromBinary(ExecuteResponseSchema, bytes));
      }
      if (read === "whole") checkBeginnings(bytes);
      checkPieces(reader, bytes, lengths);
    },
  }),
});

function compare(reader: ExecuteResponseReader, bytes: Buffer, decoded: ExecuteResponse): void {
  const { result } = decoded;
  strictEqual(reader.success, decoded.success);
  // Larger numbers are cut by a decoder, and are no code in either way.
  if (reader.errorCode < 2 ** 31) strictEqual(reader.errorCode, decoded.errorCode);
  strictEqual(reader.error(10_000), decoded.error);
  const name = { typedResult: "typed", rawResult: "raw", none: "none" }[result.case ?? "none"];
  strictEqual(reader.result, name);
  if (result.case !== "typedResult") return;
  strictEqual(
    bytes.toString("hex", reader.valueStart, reader.valueEnd),
    Buffer.from(result.value.value).toString("hex"),
  );
  strictEqual(reader.isA(Buffer.from(typeName)), result.value.typeUrl.endsWith(`/${typeName}`));
}

function checkBeginnings(bytes: Buffer): void {
  for (const length of [0, 1, bytes.length >> 1, bytes.length - 1].filter((one) => one >= 0)) {
    const reader = new ExecuteResponseReader();
    notStrictEqual(reader.read(bytes.subarray(0, length), 0, bytes.length), "garbage");
  }
}

/** What is passed on of a reply in pieces is what the whole of it says. */
function checkPieces(whole: ExecuteResponseReader, bytes: Buffer, lengths: readonly number[]): void {
  const header = Buffer.alloc(5);
  writeGrpcHeader(header, bytes.length);
  const framed = Buffer.concat([header, bytes]);
  const [value, ends]: [Buffer[], string[]] = [[], []];
  let announced = 0;
  const sink = {
    onWhole: (all: Buffer) => void ends.push(all.equals(framed) ? "whole" : "wrong"),
    onValueBegins: (length: number) => (announced = length),
    onValueBytes: (part: Buffer) => void value.push(Buffer.from(part)),
    onReplyEnd: () => void ends.push("passed on"),
    onFault: () => void ends.push("fault"),
    onTooLarge: () => void ends.push("wrong"),
  };
  const reply = new PartialReply(sink, {
    reader: new ExecuteResponseReader(),
    typeName: Buffer.from(typeName),
    messageBytes: 0,
  });
  for (const piece of pieces(framed, lengths)) reply.push(piece);
  strictEqual(ends.length, 1, `a reply ends once, and not by ${ends.join(", ")}`);
  ok(ends[0] !== "wrong");
  if (ends[0] !== "passed on") return;
  const passed = Buffer.concat(value);
  strictEqual(passed.length, announced);
  ok(whole.success && whole.result === "typed", "a failure was passed on as a result");
  strictEqual(passed.toString("hex"), bytes.toString("hex", whole.valueStart, whole.valueEnd));
}

const wireTypes: Readonly<Record<number, number>> = { 1: 0, 2: 2, 3: 0, 4: 2, 5: 2 };

/** Whether an encoder could have written it: each field once, as it is declared. */
function isWellMade(all: readonly FuzzedField[], isAny = false): boolean {
  const numbers = all.map(({ number }) => number);
  if (new Set(numbers).size < numbers.length || (numbers.includes(4) && numbers.includes(5) && !isAny))
    return false;
  return all.every(({ number, wireType, overlong, lie, content }) => {
    if (number === 0 || overlong > 0 || (wireType === 2 && lie !== 0)) return false;
    const declared = isAny ? (number <= 2 ? 2 : undefined) : wireTypes[number];
    if (declared === undefined)
      return number > 6 && (isAny ? wireType === 2 : [0, 1, 2, 5].includes(wireType));
    if (wireType !== declared) return false;
    if (number === 4 && !isAny) return typeof content !== "string" && isWellMade(content, true);
    // A text that is no UTF-8 is read in more than one way.
    return wireType !== 2 || (typeof content === "string" && isText(content)) || number === 5;
  });
}

function isText(content: string): boolean {
  const bytes = Buffer.from(content, "hex");
  return Buffer.from(bytes.toString()).equals(bytes);
}
