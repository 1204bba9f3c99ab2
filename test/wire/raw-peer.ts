import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { FrameType, http2Preface, putFrameHead } from "../../src/wire/frame.js";
import { HeaderList } from "../../src/wire/header-list.js";
import { HpackEncoder } from "../../src/wire/hpack/encoder.js";

/** A frame as it came. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** What to send: absent parts are 0, or empty. */
export interface Outgoing {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
}

/** One end of a connection that says exactly what a test wants, right or wrong, and keeps what it hears. */
export class RawPeer {
  readonly frames: RawFrame[] = [];
  readonly socket: Socket;
  readonly #encoder = new HpackEncoder();
  #rest: Buffer = Buffer.alloc(0);
  #wake: (() => void)[] = [];

  constructor(socket: Socket, skipBytes = 0) {
    this.socket = socket;
    let skip = skipBytes;
    socket.on("data", (chunk: Buffer) => {
      const skipped = Math.min(skip, chunk.length);
      skip -= skipped;
      this.#hear(chunk.subarray(skipped));
    });
    socket.on("error", () => undefined);
    socket.on("close", () => this.#tell());
  }

  /** Sends frames in one write. */
  send(...frames: Outgoing[]): void {
    this.socket.write(Buffer.concat(frames.map(encoded)));
  }

  /** A request's header block, as HEADERS that end it. */
  request(stream: number, flags: number, more: readonly string[] = []): Outgoing {
    const fields = [
      ":method",
      "POST",
      ":scheme",
      "http",
      ":path",
      "/test.Echo/Call",
      ":authority",
      "a",
      ...more,
    ];
    return { type: FrameType.HEADERS, flags: flags | 4, stream, payload: this.block(fields) };
  }

  /** A header block. */
  block(fields: readonly string[]): Buffer {
    const list = new HeaderList(fields);
    const out = Buffer.alloc(this.#encoder.mostBytes(list));
    return out.subarray(0, this.#encoder.encode(list, out, 0));
  }

  /** The first frame heard that fits, now or later. Rejects when the connection closes without. */
  async heard(fits: (frame: RawFrame) => boolean): Promise<RawFrame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found) return found;
      if (this.socket.destroyed) throw new Error("the connection has closed without the frame");
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The error code of the GOAWAY that ends the connection. */
  async goaway(): Promise<{ code: number; reason: string }> {
    const { payload } = await this.heard(({ type }) => type === FrameType.GOAWAY);
    return { code: payload.readUInt32BE(4), reason: payload.toString("latin1", 8) };
  }

  /** The error code of a stream's RST_STREAM. */
  async reset(id: number): Promise<number> {
    const { payload } = await this.heard(
      ({ type, stream }) => type === FrameType.RST_STREAM && stream === id,
    );
    return payload.readUInt32BE(0);
  }

  /** Resolves when all that was sent has been dealt with: PING is answered in its turn. */
  async settled(): Promise<void> {
    const payload = Buffer.alloc(8, this.frames.length + 1);
    this.send({ type: FrameType.PING, payload });
    await this.heard(
      ({ type, flags, payload: answer }) => type === FrameType.PING && flags === 1 && answer.equals(payload),
    );
  }

  #hear(chunk: Buffer): void {
    let rest = Buffer.concat([this.#rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const [type = 0, flags = 0] = [rest[3], rest[4]];
      this.frames.push({ type, flags, stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    this.#tell();
  }

  #tell(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** The bytes of a frame. */
export function encoded({ type, flags = 0, stream = 0, payload = Buffer.alloc(0) }: Outgoing): Buffer {
  const head = Buffer.alloc(9);
  putFrameHead(head, 0, payload.length, type, flags, stream);
  return Buffer.concat([head, payload]);
}

/** 32 bits as a payload. */
export function uint32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}

/** A SETTINGS frame of pairs. */
export function settings(...pairs: (readonly [id: number, value: number])[]): Outgoing {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return { type: FrameType.SETTINGS, payload };
}

/** A client that has said its preface and SETTINGS to a port on loopback. */
export function rawClient(port: number, ...pairs: (readonly [id: number, value: number])[]): RawPeer {
  const peer = new RawPeer(connect(port, "127.0.0.1"));
  peer.socket.write(http2Preface);
  peer.send(settings(...pairs));
  return peer;
}

/** A server on a free port: its port, and the one peer that will connect, having heard our SETTINGS. */
export async function rawServer(
  ...pairs: (readonly [id: number, value: number])[]
): Promise<{ port: number; peer: Promise<RawPeer>; close(): void }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const peer = once(server, "connection").then(([socket]) => {
    const made = new RawPeer(socket as Socket, http2Preface.length);
    made.send(settings(...pairs));
    return made;
  });
  const close = (): void => {
    server.close();
    void peer.then(({ socket }) => socket.destroy());
  };
  return { port: (server.address() as AddressInfo).port, peer, close };
}
