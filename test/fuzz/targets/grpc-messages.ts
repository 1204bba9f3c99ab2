import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { MessageError, MessageReader } from "../../../src/wire/index.js";
import { allocatesAtMost, cuts, hex, pieces, unhex } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";

const longest = 1000;

const message = fc.record({
  flag: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(255) }),
  payload: fc.oneof(hex(20), hex(longest)),
  /** What the head announces beside the truth. */
  lie: fc.oneof(
    { weight: 20, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -5, max: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom(longest, 2 ** 31, 2 ** 32 - 1) },
  ),
});

interface Reading {
  readonly messages: string[];
  end: "boundary" | "within" | "refused" | "too large";
}

/** gRPC messages, cut anywhere: the same messages come out, lengths that lie are refused or waited for, and nothing is allocated by them. */
export const grpcMessages = fuzzTarget({
  name: "grpc-messages",
  testRuns: 1500,
  input: fc.record({
    messages: fc.array(message, { maxLength: 10 }),
    cuts,
    mostBytes: fc.constantFrom(longest, 0),
  }),
  open: () => ({
    check: ({ messages, cuts: lengths, mostBytes }) => {
      const bytes = Buffer.concat(messages.map(framed));
      const expected = simpleReading(bytes, mostBytes);
      allocatesAtMost(256 * 1024 + 16 * bytes.length, () =>
        deepStrictEqual(read(bytes, lengths, mostBytes), expected),
      );
    },
  }),
});

function framed({ flag, payload, lie }: { flag: number; payload: string; lie: number }): Buffer {
  const content = unhex(payload);
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(Math.min(2 ** 32 - 1, Math.max(0, content.length + lie)), 1);
  return Buffer.concat([head, content]);
}

function read(bytes: Buffer, lengths: readonly number[], mostBytes: number): Reading {
  const reader = new MessageReader(mostBytes);
  const messages: Buffer[] = [];
  try {
    for (const piece of pieces(bytes, lengths)) messages.push(...reader.push(piece));
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    // Messages before the broken one, in the same piece, may be lost with it: the call ends there.
    return { messages: [], end: error.tooLarge ? "too large" : "refused" };
  }
  return { messages: messages.map(textOf), end: reader.atBoundary ? "boundary" : "within" };
}

function simpleReading(bytes: Buffer, mostBytes: number): Reading {
  const messages: string[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const length = bytes.readUInt32BE(at + 1);
    if (bytes[at] !== 0) return { messages: [], end: "refused" };
    if (mostBytes > 0 && length > mostBytes) return { messages: [], end: "too large" };
    if (at + 5 + length > bytes.length) break;
    messages.push(textOf(bytes.subarray(at + 5, at + 5 + length)));
    at += 5 + length;
  }
  return { messages, end: at === bytes.length ? "boundary" : "within" };
}

function textOf(bytes: Buffer): string {
  return bytes.toString("hex");
}
