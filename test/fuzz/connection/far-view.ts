import { Flag, FrameType } from "../../../src/wire/frame.js";

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The frames in bytes, and whether they end with a whole one. */
export function framesIn(bytes: Buffer): { frames: Frame[]; isWhole: boolean } {
  const frames: Frame[] = [];
  let at = 0;
  while (at + 9 <= bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const stream = bytes.readUInt32BE(at + 5) % 2 ** 31;
    const [type = 0, flags = 0] = bytes.subarray(at + 3);
    frames.push({ type, flags, stream, payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return { frames, isWhole: at === bytes.length };
}

/** What the far end may rightly expect of a connection, given all that it has sent and heard. Gives what is broken. */
export function faultsIn(sent: Buffer, heard: Buffer): string[] {
  const [ours, theirs] = [framesIn(sent).frames, framesIn(heard)];
  return [
    ...windowFaults(ours, theirs.frames),
    ...orderFaults(theirs.frames),
    ...answerFaults(ours, theirs.frames),
    ...(theirs.isWhole ? [] : ["the last frame is not whole"]),
  ];
}

/** DATA within the windows, whenever they were given; nothing may shrink a connection's. */
function windowFaults(sent: readonly Frame[], heard: readonly Frame[]): string[] {
  let largest = 65_535;
  const given = new Map<number, number>();
  for (const { type, flags, stream, payload } of sent) {
    if (type === FrameType.WINDOW_UPDATE && payload.length === 4)
      given.set(stream, (given.get(stream) ?? 0) + (payload.readUInt32BE(0) % 2 ** 31));
    if (type !== FrameType.SETTINGS || flags === Flag.ACK) continue;
    for (let at = 0; at + 6 <= payload.length; at += 6)
      if (payload.readUInt16BE(at) === 4) largest = Math.max(largest, payload.readUInt32BE(at + 2));
  }
  const taken = new Map<number, number>();
  for (const { type, stream, payload } of heard) {
    if (type !== FrameType.DATA) continue;
    taken.set(stream, (taken.get(stream) ?? 0) + payload.length);
    taken.set(0, (taken.get(0) ?? 0) + payload.length);
  }
  return [...taken].flatMap(([stream, bytes]) => {
    const allowed = (stream === 0 ? 65_535 : largest) + (given.get(stream) ?? 0);
    return bytes > allowed ? [`${bytes} bytes of DATA on ${stream} where ${allowed} are allowed`] : [];
  });
}

/** SETTINGS first; nothing behind a stream's END_STREAM but RST_STREAM, nothing behind that; nothing behind an error. */
function orderFaults(heard: readonly Frame[]): string[] {
  const faults: string[] = [];
  const ended = new Set<number>();
  const reset = new Set<number>();
  let failed = false;
  if (heard.length > 0 && heard[0]?.type !== FrameType.SETTINGS)
    faults.push("the first frame is not SETTINGS");
  for (const { type, flags, stream, payload } of heard) {
    const what = `frame ${type} on ${stream}`;
    if (failed) faults.push(`${what} behind GOAWAY with an error`);
    if (stream > 0 && reset.has(stream)) faults.push(`${what} behind RST_STREAM`);
    if (type === FrameType.DATA || type === FrameType.HEADERS) {
      if (ended.has(stream)) faults.push(`${what} behind END_STREAM`);
      if ((flags & Flag.END_STREAM) !== 0) ended.add(stream);
    }
    if (type === FrameType.RST_STREAM) reset.add(stream);
    if (type === FrameType.WINDOW_UPDATE && payload.readUInt32BE(0) === 0) faults.push("WINDOW_UPDATE of 0");
    if (type !== FrameType.GOAWAY) continue;
    failed = payload.readUInt32BE(4) !== 0;
    if (payload.readUInt32BE(4) === 2) faults.push(`INTERNAL_ERROR: ${payload.toString("latin1", 8)}`);
  }
  return faults;
}

/** No more answers than there were questions, and of PING the right ones. */
function answerFaults(sent: readonly Frame[], heard: readonly Frame[]): string[] {
  const questions = (type: number) =>
    sent.filter((frame) => frame.type === type && (frame.flags & Flag.ACK) === 0);
  const answers = (type: number) =>
    heard.filter((frame) => frame.type === type && (frame.flags & Flag.ACK) !== 0);
  const pings = questions(FrameType.PING);
  const wrong = answers(FrameType.PING).some(({ payload }, i) => !pings[i]?.payload.equals(payload));
  const tooMany = answers(FrameType.SETTINGS).length > questions(FrameType.SETTINGS).length;
  return [...(wrong ? ["an answer to no PING"] : []), ...(tooMany ? ["more answers than SETTINGS"] : [])];
}

/** DATA that was sent and not given back yet by WINDOW_UPDATE on the connection, whose window began so large. */
export function uncredited(sent: Buffer, heard: Buffer, connectionWindow: number): number {
  let bytes = connectionWindow - 65_535;
  for (const { type, payload } of framesIn(sent).frames) if (type === FrameType.DATA) bytes += payload.length;
  for (const { type, stream, payload } of framesIn(heard).frames)
    if (type === FrameType.WINDOW_UPDATE && stream === 0) bytes -= payload.readUInt32BE(0);
  return bytes;
}

/** The content of the whole DATA frames that were sent on a stream. */
export function contentOn(id: number, sent: Buffer): Buffer {
  const parts = framesIn(sent).frames.flatMap(({ type, flags, stream, payload }) => {
    if (type !== FrameType.DATA || stream !== id) return [];
    return (flags & Flag.PADDED) === 0
      ? [payload]
      : [payload.subarray(1, payload.length - (payload[0] ?? 0))];
  });
  return Buffer.concat(parts);
}

/** Whether the bytes end between frames, and not within a header block. */
export function isBetweenFrames(sent: Buffer): boolean {
  const { frames, isWhole } = framesIn(sent);
  const last = frames.findLast(({ type }) => type === FrameType.HEADERS || type === FrameType.CONTINUATION);
  return isWhole && (last === undefined || (last.flags & Flag.END_HEADERS) !== 0);
}
