import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultFrameSize, Flag, FrameType, putFrameHead } from "../../src/wire/frame.js";
import { FrameReader, type FrameSink } from "../../src/wire/frame-reader.js";

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Remembers frames; parts of DATA are joined. */
function recorder() {
  const frames: Frame[] = [];
  let parts: Buffer[] = [];
  let stream = 0;
  const sink: FrameSink = {
    checkHead: () => undefined,
    onFrame: (head, bytes, start, end) => {
      frames.push({
        type: head.type,
        flags: head.flags,
        stream: head.stream,
        payload: Buffer.from(bytes.subarray(start, end)),
      });
    },
    onDataHead: (id) => (stream = id),
    onDataPart: (bytes, start, end, _windowBytes, endStream) => {
      parts.push(Buffer.from(bytes.subarray(start, end)));
      if (!endStream) return;
      frames.push({ type: FrameType.DATA, flags: Flag.END_STREAM, stream, payload: Buffer.concat(parts) });
      parts = [];
    },
  };
  const reader = new FrameReader(sink, defaultFrameSize);
  return { frames, reader };
}

function encoded({ type, flags, stream, payload }: Frame): Buffer {
  const head = Buffer.alloc(9);
  putFrameHead(head, 0, payload.length, type, flags, stream);
  return Buffer.concat([head, payload]);
}

const frame: fc.Arbitrary<Frame> = fc
  .record({
    type: fc.constantFrom(FrameType.DATA, FrameType.HEADERS, FrameType.PING, 77),
    stream: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    payload: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  })
  .map((parts) => ({ ...parts, flags: parts.type === FrameType.DATA ? Flag.END_STREAM : 0 }));

describe("frames", () => {
  test("are found wherever reads split them", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(500), { maxLength: 40 }),
        (sent, cuts) => {
          const { frames, reader } = recorder();
          let rest = Buffer.concat(sent.map(encoded));
          for (const cut of cuts) {
            reader.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          reader.push(rest);
          expect(frames).toEqual(sent);
        },
      ),
    );
  });

  test("lose their padding", () => {
    const { frames, reader } = recorder();
    const payload = Buffer.from([2, 1, 2, 3, 0, 0]);

    reader.push(encoded({ type: FrameType.DATA, flags: Flag.PADDED | Flag.END_STREAM, stream: 1, payload }));

    expect(frames[0]?.payload).toEqual(Buffer.from([1, 2, 3]));
  });

  test("with padding longer than themselves are a PROTOCOL_ERROR", () => {
    const { reader } = recorder();
    const payload = Buffer.from([3, 0, 0]);

    const push = () => reader.push(encoded({ type: FrameType.DATA, flags: Flag.PADDED, stream: 1, payload }));

    expect(push).toThrow(expect.objectContaining({ code: 1 }) as Error);
  });

  test("longer than we allow are a FRAME_SIZE_ERROR, told by their head", () => {
    const { reader } = recorder();
    const head = Buffer.alloc(9);
    putFrameHead(head, 0, 16_385, FrameType.HEADERS, 0, 1);

    expect(() => reader.push(head)).toThrow(expect.objectContaining({ code: 6 }) as Error);
  });
});
