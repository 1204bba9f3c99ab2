import { ConnectionError, ErrorCode } from "./error-code.js";
import {
  defaultFrameSize,
  defaultWindow,
  FrameType,
  largestFrameSize,
  largestWindow,
  payloadFrame,
} from "./frame.js";

/** Identifiers of SETTINGS (RFC 9113, section 6.5.2). */
const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** What the peer allows us. */
export interface PeerSettings {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
}

/** What holds before the peer's SETTINGS arrive. */
export function initialPeerSettings(): PeerSettings {
  return {
    headerTableSize: 4096,
    maxConcurrentStreams: Infinity,
    initialWindowSize: defaultWindow,
    maxFrameSize: defaultFrameSize,
  };
}

/** Takes a SETTINGS payload into what the peer allows; throws a ConnectionError where it breaks the rules. */
export function readSettings(payload: Buffer, into: PeerSettings, fromServer: boolean): void {
  if (payload.length % 6 !== 0)
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS of a wrong length");
  for (let at = 0; at < payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case Setting.HEADER_TABLE_SIZE:
        into.headerTableSize = value;
        break;
      case Setting.ENABLE_PUSH:
        if (value > 1 || (fromServer && value === 1)) throw broken("ENABLE_PUSH", value);
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        into.maxConcurrentStreams = value;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > largestWindow) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE of ${value}`);
        }
        into.initialWindowSize = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < defaultFrameSize || value > largestFrameSize) throw broken("MAX_FRAME_SIZE", value);
        into.maxFrameSize = value;
        break;
    }
  }
}

/** Our own SETTINGS frame. */
export function settingsFrame(own: {
  streams: number;
  window: number;
  headerBytes: number;
  client: boolean;
}): Buffer {
  const pairs = [
    [Setting.INITIAL_WINDOW_SIZE, own.window],
    [Setting.MAX_HEADER_LIST_SIZE, own.headerBytes],
    own.client ? [Setting.ENABLE_PUSH, 0] : [Setting.MAX_CONCURRENT_STREAMS, own.streams],
  ] as const;
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return payloadFrame(FrameType.SETTINGS, 0, payload);
}

function broken(name: string, value: number): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${name} of ${value}`);
}
