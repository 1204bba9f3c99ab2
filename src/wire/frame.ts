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

/** Writes a frame's head at an offset. Six parameters and no object: it runs for every frame. */
export function putFrameHead(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  putUint32(out, at + 5, stream);
}

/** Writes 32 bits at an offset. */
export function putUint32(out: Buffer, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** Reads 32 bits at an offset. */
export function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

/** A frame of its own, for those that are sent seldom: SETTINGS, GOAWAY. */
export function frame(type: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  putFrameHead(bytes, 0, payload.length, type, 0, 0);
  bytes.set(payload, frameHeadBytes);
  return bytes;
}

/** A GOAWAY frame; the reason is cut where it is long. */
export function goawayFrame(lastStream: number, code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, 200);
  const payload = Buffer.allocUnsafe(8 + text.length);
  putUint32(payload, 0, lastStream);
  putUint32(payload, 4, code);
  payload.set(text, 8);
  return frame(FrameType.GOAWAY, payload);
}
