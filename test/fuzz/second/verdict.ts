import { FrameType, goawayFrame } from "../../../src/wire/frame.js";
import { encoded, type Outgoing, rawClient } from "../../wire/raw-peer.js";

/** What a server made of a session: the code of the GOAWAY that ended it, and of each stream's RST_STREAM. */
export interface Verdict {
  readonly goaway: number | undefined;
  readonly resets: ReadonlyMap<number, number>;
  readonly localPort: number;
}

const answer = Buffer.from("the last");

/** Sends frames to a server on loopback, and hears it out: up to the answer to a PING behind them, or the connection's end. */
export async function verdictOf(port: number, frames: readonly Outgoing[]): Promise<Verdict> {
  const peer = rawClient(port);
  try {
    await peer.heard(({ type }) => type === FrameType.SETTINGS);
    const localPort = peer.socket.localPort ?? 0;
    peer.socket.write(Buffer.concat([...frames, { type: FrameType.PING, payload: answer }].map(encoded)));
    // A server that waits for the end of a frame that never ends is asked to go, and one that has gone says no more.
    await peer
      .heard(
        ({ type, payload }) => isError(type, payload) || (type === FrameType.PING && payload.equals(answer)),
      )
      .catch(() => undefined);
    const goaway = peer.frames.find(({ type, payload }) => isError(type, payload))?.payload.readUInt32BE(4);
    const resets = new Map(
      peer.frames
        .filter(({ type }) => type === FrameType.RST_STREAM)
        .map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]),
    );
    return { goaway, resets, localPort };
  } finally {
    peer.socket.end(goawayFrame(0, 0, ""));
    peer.socket.destroy();
  }
}

function isError(type: number, payload: Buffer): boolean {
  return type === FrameType.GOAWAY && payload.readUInt32BE(4) !== 0;
}
