import fc from "fast-check";
import { FrameType } from "../../src/wire/frame.js";
import { encoded } from "../wire/raw-peer.js";
import { hex, unhex } from "./bytes.js";

/** A frame as JSON; `lie` is added to the length that its head announces. */
export interface FuzzedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: string;
  readonly lie: number;
}

const type = fc.oneof(
  { weight: 3, arbitrary: fc.constant(FrameType.DATA) },
  { weight: 5, arbitrary: fc.constantFrom(...Object.values(FrameType)) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 9, 12, 13, 32, 37, 45), fc.nat(255));
const lie = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(16_384, 2 ** 24 - 1) },
);

/** A frame of any kind, by and large well made. */
export const frame: fc.Arbitrary<FuzzedFrame> = fc.record({
  type,
  flags,
  stream: fc.oneof(fc.constantFrom(0, 1, 2, 3, 5), fc.nat(2 ** 31 - 1)),
  payload: fc.oneof({ weight: 9, arbitrary: hex(40) }, { weight: 1, arbitrary: hex(600) }),
  lie,
});

/** A frame's bytes, its head with the length that it claims. */
export function bytesOf({ type: kind, flags: bits, stream, payload, lie: more }: FuzzedFrame): Buffer {
  const bytes = encoded({ type: kind, flags: bits, stream, payload: unhex(payload) });
  bytes.writeUIntBE(Math.min(2 ** 24 - 1, Math.max(0, bytes.length - 9 + more)), 0, 3);
  return bytes;
}
