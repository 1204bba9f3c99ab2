import { checkSize, ConnectionError, protocolError } from "./connection-error.js";
import { ErrorCode } from "./error-code.js";
import {
  defaultFrameSize,
  defaultWindow,
  frame,
  FrameType,
  largestFrameSize,
  largestWindow,
} from "./frame.js";
import type { Limits } from "./limits.js";

/** Identifiers of SETTINGS (RFC 9113, section 6.5.2). */
const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Which end of the connection somebody is. */
export type Side = "client" | "server";

/** What the peer allows us. */
export interface PeerSettings {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
}

/** The table that a decoder begins with, and ours keeps (RFC 7541, section 4.2). */
export const headerTableBytes = 4096;

/** What holds before the peer's SETTINGS arrive. Of streams the RFC promises none; 100 is what it asks of everyone to allow. */
export function initialPeerSettings(): PeerSettings {
  return {
    headerTableSize: headerTableBytes,
    maxConcurrentStreams: 100,
    initialWindowSize: defaultWindow,
    maxFrameSize: defaultFrameSize,
  };
}

/** Takes a SETTINGS payload into what the peer allows. Unknown identifiers are ignored; what breaks the rules throws. */
export function readSettings(payload: Buffer, into: PeerSettings, peer: Side): void {
  checkSize(payload.length % 6 === 0, "SETTINGS");
  for (let at = 0; at < payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case Setting.HEADER_TABLE_SIZE:
        into.headerTableSize = value;
        break;
      case Setting.ENABLE_PUSH:
        if (value > (peer === "server" ? 0 : 1)) throw broken("ENABLE_PUSH", value);
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
export function settingsFrame(side: Side, limits: Limits): Buffer {
  const pairs = [
    [Setting.INITIAL_WINDOW_SIZE, limits.streamWindow],
    [Setting.MAX_FRAME_SIZE, limits.frameBytes],
    [Setting.MAX_HEADER_LIST_SIZE, limits.headerBytes],
    side === "client" ? [Setting.ENABLE_PUSH, 0] : [Setting.MAX_CONCURRENT_STREAMS, limits.concurrentStreams],
  ] as const;
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(FrameType.SETTINGS, payload);
}

function broken(name: string, value: number): ConnectionError {
  return protocolError(`${name} of ${value}`);
}
