import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ConnectionError } from "../../../src/wire/connection-error.js";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { defaultFrameSize, Flag, FrameType } from "../../../src/wire/frame.js";
import { FrameReader, type FrameSink } from "../../../src/wire/frame-reader.js";
import { allocatesAtMost, cuts, pieces } from "../bytes.js";
import { bytesOf, frame } from "../frames.js";
import { fuzzTarget } from "../fuzz-target.js";

/** What was read: whole frames as text, and the code of the error that ended it. */
interface Reading {
  readonly frames: string[];
  code?: number;
}

const textOf = (type: number, flags: number, stream: number, payload: Buffer): string =>
  `${type} ${flags} ${stream} ${payload.toString("hex")}`;

/** Frames, cut anywhere: read as if they came in one, and as a reader reads that knows nothing of pieces. */
export const frameReader = fuzzTarget({
  name: "frame-reader",
  testRuns: 1500,
  input: fc.record({ frames: fc.array(frame, { maxLength: 12 }), cuts }),
  open: () => ({
    check: ({ frames, cuts: lengths }) => {
      const bytes = Buffer.concat(frames.map(bytesOf));
      const expected = simpleReading(bytes);
      allocatesAtMost(256 * 1024 + 4 * bytes.length, () => {
        deepStrictEqual(read(bytes, []), expected);
        deepStrictEqual(read(bytes, lengths), expected);
      });
    },
  }),
});

function read(bytes: Buffer, lengths: readonly number[]): Reading {
  const reading: Reading = { frames: [] };
  const reader = new FrameReader(recorder(reading), defaultFrameSize);
  try {
    for (const piece of pieces(bytes, lengths)) reader.push(piece);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    reading.code = error.code;
  }
  return reading;
}

/** Joins the parts of DATA, and counts that they take the window that was announced. */
function recorder({ frames }: Reading): FrameSink {
  let [stream, windowLeft] = [0, 0];
  let parts: Buffer[] = [];
  return {
    checkHead: () => undefined,
    onFrame: ({ type, flags, stream: id }, bytes, start, end) =>
      void frames.push(textOf(type, flags, id, bytes.subarray(start, end))),
    onDataHead: (id, length) => {
      [stream, windowLeft, parts] = [id, length, []];
    },
    onDataPart: (bytes, start, end, windowBytes, endStream) => {
      parts.push(Buffer.from(bytes.subarray(start, end)));
      windowLeft -= windowBytes;
      if (windowLeft < 0) throw new Error("DATA took more window than its frame announced");
      if (windowLeft === 0)
        frames.push(textOf(FrameType.DATA, Number(endStream), stream, Buffer.concat(parts)));
    },
  };
}

/** RFC 9113, section 4.1, on bytes that are all there. */
function simpleReading(bytes: Buffer): Reading {
  const frames: string[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    const [type = 0, flags = 0] = bytes.subarray(at + 3);
    const stream = bytes.readUInt32BE(at + 5) % 2 ** 31;
    const payload = bytes.subarray(at + 9, at + 9 + length);
    if (length > defaultFrameSize) return { frames, code: ErrorCode.FRAME_SIZE_ERROR };
    const pad = type === FrameType.DATA && (flags & Flag.PADDED) !== 0 ? payload[0] : undefined;
    const isPadded = type === FrameType.DATA && (flags & Flag.PADDED) !== 0;
    if (isPadded && (length === 0 || (pad !== undefined && pad > length - 1)))
      return { frames, code: ErrorCode.PROTOCOL_ERROR };
    if (payload.length < length) break;
    if (type !== FrameType.DATA) frames.push(textOf(type, flags, stream, payload));
    else {
      const content = isPadded ? payload.subarray(1, length - (pad ?? 0)) : payload;
      frames.push(textOf(type, flags & Flag.END_STREAM, stream, content));
    }
    at += 9 + length;
  }
  return { frames };
}
