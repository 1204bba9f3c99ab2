import fc from "fast-check";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { encoded, type Outgoing, settings, uint32 } from "../../wire/raw-peer.js";
import { hex, unhex } from "../bytes.js";
import { bytesOf, frame, type FuzzedFrame } from "../frames.js";
import { blockOf, type Instruction } from "../hpack-blocks.js";

/** What one end does next. Streams are told by a place among those that there are; the last places stand for none of them. */
export type Step =
  | { readonly kind: "frame"; readonly frame: FuzzedFrame }
  | { readonly kind: "garbage"; readonly bytes: string }
  | {
      readonly kind: "headers";
      readonly stream: number;
      readonly block: Block;
      readonly end: boolean;
      /** Padding; -1 = none. */
      readonly padding: number;
      /** The block's bytes in each frame; 0 = all in one. */
      readonly split: number;
    }
  | {
      readonly kind: "data";
      readonly stream: number;
      readonly bytes: number;
      readonly end: boolean;
      readonly padding: number;
    }
  | { readonly kind: "window"; readonly stream: number; readonly increment: number }
  | { readonly kind: "reset"; readonly stream: number; readonly code: number }
  | { readonly kind: "settings"; readonly pairs: readonly (readonly [number, number])[] }
  | { readonly kind: "goaway"; readonly last: number }
  | { readonly kind: "local"; readonly stream: number; readonly act: LocalAct; readonly bytes: number }
  | { readonly kind: "choke"; readonly on: boolean }
  | { readonly kind: "turn" };

/** A header block by what it is for. */
export type Block = "request" | "response" | "informational" | "trailers" | "malformed" | "large";

/** What the near end does by itself. */
export type LocalAct =
  "open" | "head" | "data" | "end" | "reset" | "credit" | "hold" | "release" | "shutdown";

const stream = fc.oneof(
  { weight: 60, arbitrary: fc.nat(7) },
  { weight: 1, arbitrary: fc.constantFrom(8, 9) },
);
const rarely = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: other });
const padding = fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.nat(30));
const end = fc.nat(3).map((one) => one === 0);
const bytes = rarely(fc.oneof(fc.nat(60), fc.constantFrom(0, 1000, 16_300)), fc.constant(16_385));
/** Enough, now and then, to use a connection's window up. */
const sent = fc.oneof(fc.nat(60), fc.constantFrom(0, 1000, 16_300, 40_000));
const blocks: readonly Block[] = ["request", "response", "informational", "trailers", "malformed", "large"];
const acts: readonly LocalAct[] = ["open", "head", "data", "end", "reset", "credit", "hold", "release"];
const windows = rarely(fc.constantFrom(1, 100, 16_384, 65_535), fc.constantFrom(0, 2 ** 31 - 1));
const setting = fc.oneof(
  fc.tuple(
    fc.constant(4),
    rarely(fc.constantFrom(0, 1, 100, 65_535, 2 ** 30), fc.constantFrom(2 ** 31 - 1, 2 ** 31)),
  ),
  fc.tuple(fc.constant(1), fc.constantFrom(0, 100, 4096, 2 ** 32 - 1)),
  fc.tuple(fc.constant(5), rarely(fc.constantFrom(16_384, 20_000, 2 ** 24 - 1), fc.constant(100))),
  fc.tuple(rarely(fc.constantFrom(3, 6, 8, 99), fc.constant(2)), fc.nat(5)),
);

/** A session: mostly well made, in any order. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 48, arbitrary: headers() },
    { weight: 48, arbitrary: fc.record({ kind: fc.constant("data" as const), stream, bytes, end, padding }) },
    { weight: 60, arbitrary: local() },
    { weight: 24, arbitrary: fc.constant({ kind: "turn" as const }) },
    { weight: 14, arbitrary: fc.record({ kind: fc.constant("window" as const), stream: fc.oneof(fc.constant(-1), stream), increment: windows }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("reset" as const), stream, code: fc.constantFrom(0, 8, 7, 99) }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("settings" as const), pairs: fc.array(setting, { maxLength: 3 }) }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("choke" as const), on: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("frame" as const), frame }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("goaway" as const), last: fc.constantFrom(0, 1, 3, 2 ** 31 - 1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("garbage" as const), bytes: hex(15) }) },
  ),
  { maxLength: 60, size: "max" },
); // prettier-ignore

function headers(): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.constant("headers" as const),
    stream,
    block: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom<Block>("request", "response") },
      fc.constantFrom(...blocks),
    ),
    end,
    padding,
    split: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constantFrom(1, 5)),
  });
}

function local(): fc.Arbitrary<Step> {
  const act = fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...acts) }, fc.constant("shutdown" as const));
  return fc.record({ kind: fc.constant("local" as const), stream, act, bytes: sent });
}

/** What the far end sends in a step, on the stream with an id; empty where it sends nothing. */
export function bytesOfStep(step: Step, id: number): Buffer {
  if (step.kind === "frame") return bytesOf(step.frame);
  if (step.kind === "garbage") return unhex(step.bytes);
  return Buffer.concat(framesOf(step, id).map(encoded));
}

function framesOf(step: Step, id: number): Outgoing[] {
  switch (step.kind) {
    case "headers":
      return headersFrames(step, id);
    case "data": {
      const flags = step.end ? Flag.END_STREAM : 0;
      return [
        padded(
          { type: FrameType.DATA, flags, stream: id, payload: Buffer.alloc(step.bytes, "d") },
          step.padding,
        ),
      ];
    }
    case "window":
      return [{ type: FrameType.WINDOW_UPDATE, stream: id, payload: uint32(step.increment) }];
    case "reset":
      return [{ type: FrameType.RST_STREAM, stream: id, payload: uint32(step.code) }];
    case "settings":
      return [settings(...step.pairs)];
    case "goaway":
      return [{ type: FrameType.GOAWAY, payload: Buffer.concat([uint32(step.last), uint32(0)]) }];
    default:
      return [];
  }
}

function headersFrames(
  { block, end: isEnd, padding: pad, split }: Extract<Step, { kind: "headers" }>,
  id: number,
): Outgoing[] {
  const all = blockOf(blockInstructions[block]);
  const most = split === 0 ? all.length : split;
  const first = all.subarray(0, most);
  const whole = first.length === all.length;
  const flags = (isEnd ? Flag.END_STREAM : 0) | (whole ? Flag.END_HEADERS : 0);
  const frames = [padded({ type: FrameType.HEADERS, flags, stream: id, payload: first }, pad)];
  for (let at = first.length; at < all.length; at += most) {
    const part = all.subarray(at, at + most);
    const isLast = at + part.length >= all.length;
    frames.push({
      type: FrameType.CONTINUATION,
      flags: isLast ? Flag.END_HEADERS : 0,
      stream: id,
      payload: part,
    });
  }
  return frames;
}

function padded(one: Outgoing, padding: number): Outgoing {
  if (padding < 0) return one;
  const payload = Buffer.concat([
    Buffer.from([padding]),
    one.payload ?? Buffer.alloc(0),
    Buffer.alloc(padding),
  ]);
  return { ...one, flags: (one.flags ?? 0) | Flag.PADDED, payload };
}

const indexed = (index: number): Instruction => ({ kind: "indexed", index });
const text = (value: string) => ({ text: value, huffman: false, lie: 0 });
const literal = (name: string, value: string): Instruction => ({
  kind: "literal",
  form: 0,
  index: 0,
  name: text(name),
  value: text(value),
});
const [post, http, path, ok] = [indexed(3), indexed(6), indexed(4), indexed(8)];

/** None of them needs a table, or changes one: so they mean the same whatever came before. */
const blockInstructions: Readonly<Record<Block, readonly Instruction[]>> = {
  request: [post, http, path, literal("x-a", "1")],
  response: [ok, literal("x-a", "1")],
  informational: [literal(":status", "103")],
  trailers: [literal("grpc-status", "0")],
  malformed: [post, http, path, literal("connection", "close")],
  large: [post, http, path, ...Array.from({ length: 5 }, () => literal("x-large", "v".repeat(1000)))],
};
