/** Frames of HTTP/2 (RFC 9113, sections 4 and 6): their types, flags and heads. Free of sockets. */

/** What a client sends first (RFC 9113, section 3.4). */
export const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Bytes of a frame's head. */
export const frameHeadBytes = 9;
/** The largest payload that needs no permission. */
export const defaultFrameSize = 16_384;
/** The largest payload that SETTINGS can permit. */
export const largestFrameSize = 2 ** 24 - 1;
/** The largest window. */
export const largestWindow = 2 ** 31 - 1;
/** The window that a stream and a connection begin with. */
export const defaultWindow = 65_535;

/** Frame types (RFC 9113, section 6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags; END_STREAM and ACK are the same bit. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Writes a frame's head at an offset and gives the offset behind it. */
export function writeFrameHead(
  out: Buffer,
  at: number,
  head: { length: number; type: number; flags: number; stream: number },
): number {
  return putFrameHead(out, at, head.length, head.type, head.flags, head.stream);
}

/** {@link writeFrameHead} without the object, for the paths that run a million times a second. */
export function putFrameHead(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = stream >>> 24;
  out[at + 6] = stream >>> 16;
  out[at + 7] = stream >>> 8;
  out[at + 8] = stream;
  return at + frameHeadBytes;
}

/** A frame with a 32-bit number for payload: RST_STREAM, WINDOW_UPDATE. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + 4);
  putFrameHead(frame, 0, 4, type, 0, stream);
  frame.writeUInt32BE(value >>> 0, frameHeadBytes);
  return frame;
}

/** A frame with any payload. */
export function payloadFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  putFrameHead(frame, 0, payload.length, type, flags, 0);
  frame.set(payload, frameHeadBytes);
  return frame;
}

/** A GOAWAY frame. */
export function goawayFrame(lastStream: number, code: number, reason: string): Buffer {
  const text = Buffer.from(reason.slice(0, 200), "latin1");
  const payload = Buffer.allocUnsafe(8 + text.length);
  payload.writeUInt32BE(lastStream >>> 0, 0);
  payload.writeUInt32BE(code, 4);
  payload.set(text, 8);
  return payloadFrame(FrameType.GOAWAY, 0, payload);
}
