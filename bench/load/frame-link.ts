import type { Socket } from "node:net";
import {
  defaultWindow,
  Flag,
  frame,
  frameHeadBytes,
  FrameType,
  http2Preface,
  putFrameHead,
  putUint32,
} from "../../src/wire/frame.js";
import { HpackDecoder } from "../../src/wire/hpack/decoder.js";
import type { HeaderList } from "../../src/wire/index.js";

/** Hears what comes over a link. */
export interface FrameListener {
  /** The peer's SETTINGS are here; its header table holds so many bytes. */
  onSettings(tableBytes: number): void;
  onHeaders(stream: number, headers: HeaderList, endStream: boolean): void;
  onData(stream: number, endStream: boolean): void;
  onReset(stream: number): void;
  /** The socket is closed. */
  onGone(): void;
}

/** A frame that waits for the window, or behind one that does. */
interface Later {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

const outBytes = 64 * 1024;
const windowBytes = 2 ** 30;
/** Given back when so much has come, so that nobody ever waits for it. */
const creditBytes = 2 ** 28;
const defaultTableBytes = 4096;
const tableSizeSetting = 1;
const bounds = { headerBytes: 64 * 1024, headerFields: 256 };
const nothing = Buffer.alloc(0);

/**
 * HTTP/2 with everything left out that small calls do not need, so that the load and the plugin cost a fraction of the
 * proxies between them. No stream is kept, no window but the connection's is counted: where it is used up, all waits in
 * one queue. What it cannot carry (padding, CONTINUATION) throws.
 */
export class FrameLink {
  readonly #socket: Socket;
  readonly #listener: FrameListener;
  readonly #decoder = new HpackDecoder(bounds);
  #out = Buffer.allocUnsafeSlow(outBytes);
  #at = 0;
  #left: Buffer = nothing;
  #awaitsPreface: boolean;
  #sendWindow = defaultWindow;
  /** What waits for the window, in order; it is short, as the callers are few. */
  readonly #later: Later[] = [];
  #received = 0;

  constructor(socket: Socket, side: "client" | "server", listener: FrameListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#awaitsPreface = side === "server";
    if (side === "client") socket.write(http2Preface);
    socket.write(frame(FrameType.SETTINGS, nothing));
    this.#credit(windowBytes);
    this.flush();
    socket.on("data", (bytes) => this.#read(bytes));
    // Its end is what counts; why it ended is told by whoever closed it.
    socket.on("error", () => undefined);
    socket.on("close", () => listener.onGone());
  }

  /** Adds a header block to what leaves with the next flush. */
  headers(stream: number, block: Uint8Array, endStream: boolean): void {
    const flags = endStream ? Flag.END_HEADERS | Flag.END_STREAM : Flag.END_HEADERS;
    if (this.#later.length > 0)
      this.#later.push({ type: FrameType.HEADERS, flags, stream, payload: Buffer.from(block) });
    else this.#put(FrameType.HEADERS, flags, stream, block);
  }

  /** Adds a stream's only DATA frame. */
  data(stream: number, bytes: Uint8Array, endStream: boolean): void {
    const flags = endStream ? Flag.END_STREAM : 0;
    if (this.#later.length > 0 || bytes.length > this.#sendWindow) {
      this.#later.push({ type: FrameType.DATA, flags, stream, payload: bytes });
      return;
    }
    this.#sendWindow -= bytes.length;
    this.#put(FrameType.DATA, flags, stream, bytes);
  }

  /** Sends what was added since the last time. What is added while bytes are read leaves by itself. */
  flush(): void {
    if (this.#at === 0) return;
    this.#socket.write(this.#out.subarray(0, this.#at));
    this.#out = Buffer.allocUnsafeSlow(outBytes);
    this.#at = 0;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sends what has waited, as far as the window allows. */
  #sendLater(): void {
    let sent = 0;
    for (const { type, flags, stream, payload } of this.#later) {
      const bytes = type === FrameType.DATA ? payload.length : 0;
      if (bytes > this.#sendWindow) break;
      this.#sendWindow -= bytes;
      this.#put(type, flags, stream, payload);
      sent++;
    }
    this.#later.splice(0, sent);
  }

  #put(type: number, flags: number, stream: number, payload: Uint8Array): void {
    if (this.#at + frameHeadBytes + payload.length > outBytes) this.flush();
    putFrameHead(this.#out, this.#at, payload.length, type, flags, stream);
    this.#out.set(payload, this.#at + frameHeadBytes);
    this.#at += frameHeadBytes + payload.length;
  }

  #read(bytes: Buffer): void {
    const all = this.#left.length > 0 ? Buffer.concat([this.#left, bytes]) : bytes;
    let at = 0;
    if (this.#awaitsPreface && all.length >= http2Preface.length) {
      this.#awaitsPreface = false;
      at = http2Preface.length;
    }
    while (!this.#awaitsPreface && all.length - at >= frameHeadBytes) {
      const end = at + frameHeadBytes + all.readUIntBE(at, 3);
      if (end > all.length) break;
      this.#frame(all, at, end);
      at = end;
    }
    this.#left = all.subarray(at);
    if (this.#received >= creditBytes) this.#credit(this.#received);
    this.flush();
  }

  #frame(bytes: Buffer, at: number, end: number): void {
    const flags = bytes[at + 4] ?? 0;
    const stream = bytes.readUInt32BE(at + 5);
    const start = at + frameHeadBytes;
    if ((flags & Flag.PADDED) !== 0 && stream !== 0) throw new Error("the peer pads its frames");
    switch (bytes[at + 3]) {
      case FrameType.DATA:
        this.#received += end - start;
        return this.#listener.onData(stream, (flags & Flag.END_STREAM) !== 0);
      case FrameType.HEADERS:
        return this.#headers(bytes.subarray(start, end), flags, stream);
      case FrameType.RST_STREAM:
        return this.#listener.onReset(stream);
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) === 0) this.#settings(bytes.subarray(start, end));
        return;
      case FrameType.PING:
        if ((flags & Flag.ACK) === 0) this.#put(FrameType.PING, Flag.ACK, 0, bytes.subarray(start, end));
        return;
      case FrameType.WINDOW_UPDATE:
        if (stream !== 0) return;
        this.#sendWindow += bytes.readUInt32BE(start);
        if (this.#later.length > 0) this.#sendLater();
        return;
      case FrameType.CONTINUATION:
        throw new Error("the peer sends CONTINUATION");
    }
  }

  #headers(payload: Buffer, flags: number, stream: number): void {
    const start = (flags & Flag.PRIORITY) === 0 ? 0 : 5;
    const headers = this.#decoder.decode(payload, start, payload.length);
    if (!headers) throw new Error("the peer's headers are too long");
    this.#listener.onHeaders(stream, headers, (flags & Flag.END_STREAM) !== 0);
  }

  #settings(payload: Buffer): void {
    let tableBytes = defaultTableBytes;
    for (let at = 0; at + 6 <= payload.length; at += 6)
      if (payload.readUInt16BE(at) === tableSizeSetting) tableBytes = payload.readUInt32BE(at + 2);
    this.#put(FrameType.SETTINGS, Flag.ACK, 0, nothing);
    this.#listener.onSettings(tableBytes);
  }

  #credit(bytes: number): void {
    const increment = Buffer.alloc(4);
    putUint32(increment, 0, bytes);
    this.#put(FrameType.WINDOW_UPDATE, 0, 0, increment);
    this.#received = 0;
  }
}
