import { ok } from "node:assert/strict";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { startEcho } from "../../wire/echo.js";
import { unhex } from "../bytes.js";
import { frame, type FuzzedFrame } from "../frames.js";
import { fuzzTarget } from "../fuzz-target.js";
import { blockOf, type Instruction } from "../hpack-blocks.js";
import { NodeServer } from "../second/node-server.js";
import { type Verdict, verdictOf } from "../second/verdict.js";

const text = (value: string) => ({ text: value, huffman: false, lie: 0 });
const request: readonly Instruction[] = [
  ...[3, 6, 4].map((index) => ({ kind: "indexed" as const, index })),
  { kind: "literal", form: 0, index: 1, name: text(""), value: text("a") },
];
const payload = blockOf(request);
/** Two streams: one is open, one has been reset. */
const begin = [
  { type: FrameType.HEADERS, flags: Flag.END_HEADERS, stream: 1, payload },
  { type: FrameType.HEADERS, flags: Flag.END_HEADERS, stream: 3, payload },
  { type: FrameType.RST_STREAM, stream: 3, payload: Buffer.from([0, 0, 0, 8]) },
];

/** Any frame behind two requests: where `node:http2` ends the connection or a stream, so do we. */
export const frameSecondOpinion = fuzzTarget({
  name: "frame-second-opinion",
  testRuns: 60,
  input: frame.map((one) => ({ ...one, lie: 0 })),
  open: async () => {
    const node = await NodeServer.start();
    const echo = await startEcho();
    return {
      close: async () => {
        node.close();
        await echo.close();
      },
      check: async (one) => {
        const frames = [...begin, { ...one, payload: unhex(one.payload) }];
        const [theirs, ours] = [await verdictOf(node.port, frames), await verdictOf(echo.port, frames)];
        node.requestsFrom(theirs.localPort);
        ok(strictness(ours) >= strictness(theirs) || isKnown(one), tell(ours, theirs));
      },
    };
  },
});

/** 2 = the connection has ended, 1 = a stream has, for a fault. */
function strictness({ goaway, resets }: Verdict): number {
  return goaway !== undefined ? 2 : [...resets.values()].some((code) => code !== 0 && code !== 8) ? 1 : 0;
}

/**
 * Where node:http2 is stricter than it must be: PRIORITY of a wrong length is a stream's error (RFC 9113, section 6.3), an
 * answer to no PING is none, and GOAWAY may name any stream.
 */
function isKnown({ type }: FuzzedFrame): boolean {
  return type === FrameType.PRIORITY || type === FrameType.PING || type === FrameType.GOAWAY;
}

function tell(ours: Verdict, theirs: Verdict): string {
  const text = ({ goaway, resets }: Verdict): string =>
    `GOAWAY ${goaway ?? "none"}, resets ${JSON.stringify([...resets])}`;
  return `node:http2: ${text(theirs)}; ours: ${text(ours)}`;
}
