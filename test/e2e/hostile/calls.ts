import { Flag, FrameType } from "../../../src/wire/frame.js";
import type { Outgoing, RawPeer } from "../../wire/raw-peer.js";

/** The headers of a call of the namespace `default`, as a client of gRPC sends them. */
export function callFields(method: string, more: readonly string[] = []): string[] {
  const path = `/prism.keyvalue.v1.KeyValue/${method}`;
  const pseudo = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "prism"];
  return [
    ...pseudo,
    "content-type",
    "application/grpc",
    "te",
    "trailers",
    "prism-namespace",
    "default",
    ...more,
  ];
}

/** HEADERS that open a call. */
export function opening(
  peer: RawPeer,
  stream: number,
  method = "Get",
  more: readonly string[] = [],
): Outgoing {
  const payload = peer.block(callFields(method, more));
  return { type: FrameType.HEADERS, flags: Flag.END_HEADERS, stream, payload };
}

/** DATA with bytes that end a call's request. */
export function ending(stream: number, payload: Uint8Array): Outgoing {
  return { type: FrameType.DATA, flags: Flag.END_STREAM, stream, payload };
}

/** A gRPC message: a flag, a length that may lie, and bytes. */
export function message(bytes: Uint8Array, { length = bytes.length, flag = 0 } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

/** GetRequest of a key, as a message. */
export function getRequest(key: string): Buffer {
  return message(Buffer.concat([Buffer.from([0x0a, key.length]), Buffer.from(key)]));
}

/** Asks 100 times for the value at a key, on the streams 1, 3, … 199. */
export function askMuch(peer: RawPeer, key: string): void {
  for (let stream = 1; stream < 200; stream += 2)
    peer.send(opening(peer, stream), ending(stream, getRequest(key)));
}
