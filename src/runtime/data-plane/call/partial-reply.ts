import { type ExecuteResponseReader, grpcHeaderBytes } from "../../../protocol/index.js";
import { Gathered } from "../../../wire/index.js";

/** Where a reply goes that comes in pieces. */
export interface ReplySink {
  /** The reply is complete and nothing of it has been passed on: from its gRPC header at `start` to `end`. */
  onWhole(bytes: Buffer, start: number, end: number): void;
  /** The operation went well, and its result is so long. */
  onValueBegins(bytes: number): void;
  onValueBytes(bytes: Buffer): void;
  /** The reply is complete, after its result has been passed on. */
  onReplyEnd(): void;
  /** The plugin broke the protocol: what it did. */
  onFault(did: string): void;
  onTooLarge(bytes: number, limit: number): void;
}

/** What reading a reply needs to know. */
export interface ReplySettings {
  readonly reader: ExecuteResponseReader;
  /** The result's message type. */
  readonly typeName: Buffer;
  /** The largest message; 0 = any. */
  readonly messageBytes: number;
}

/** What may be gathered of a reply whose result cannot be passed on yet: because what says so comes behind it. */
const mostGathered = 1024 * 1024;
/** What may come behind the result. */
const mostBehind = 64 * 1024;

/**
 * An ExecuteResponse that comes in pieces. What stands before the result is gathered, the result passes as it comes, and
 * what stands behind it is gathered again and looked at.
 */
export class PartialReply {
  readonly #sink: ReplySink;
  readonly #settings: ReplySettings;
  readonly #gathered = new Gathered();
  /** Looked at again when there is this much: each look doubles it, so that small pieces cost no more than large ones. */
  #lookAt = grpcHeaderBytes;
  #part: "before" | "value" | "behind" | "over" = "before";
  /** Bytes of the framed message, once its header is there. */
  #whole = Infinity;
  #left = Infinity;
  #valueLeft = 0;

  constructor(sink: ReplySink, settings: ReplySettings) {
    this.#sink = sink;
    this.#settings = settings;
  }

  /** Takes the next piece. */
  push(bytes: Buffer): void {
    if (this.#part === "before") this.#before(bytes);
    else if (this.#part === "value") this.#value(bytes);
    else if (this.#part === "behind") this.#behind(bytes);
  }

  #before(bytes: Buffer): void {
    this.#gathered.push(bytes);
    if (this.#gathered.length < this.#lookAt && this.#gathered.length < this.#whole) return;
    const all = this.#gathered.take();
    if (this.#whole === Infinity && !this.#readHeader(all)) return;
    if (all.length > this.#whole) return this.#fault("answered with more than one message");
    if (all.length === this.#whole) {
      this.#part = "over";
      this.#sink.onWhole(all, 0, all.length);
    } else if (!this.#passOn(all)) this.#wait(all);
  }

  #readHeader(all: Buffer): boolean {
    const { messageBytes } = this.#settings;
    const bytes = all.readUInt32BE(1);
    this.#whole = grpcHeaderBytes + bytes;
    if (all[0] !== 0) this.#fault("answered with a compressed message that nobody asked for");
    else if (messageBytes > 0 && bytes > messageBytes) {
      this.#part = "over";
      this.#sink.onTooLarge(bytes, messageBytes);
    } else return true;
    return false;
  }

  /** Begins to pass the result on, where all is known that has to be. */
  #passOn(all: Buffer): boolean {
    const { reader, typeName } = this.#settings;
    const read = reader.read(all, grpcHeaderBytes, this.#whole);
    if (read === "garbage") {
      this.#fault("answered with bytes that are no prism.plugin.ExecuteResponse");
      return true;
    }
    const known = reader.success && reader.isA(typeName) && reader.valueEnd === reader.resultEnd;
    if (read !== "value goes on" || !known) return false;
    this.#part = "value";
    this.#left = this.#whole - all.length;
    this.#valueLeft = reader.valueEnd - all.length;
    this.#sink.onValueBegins(reader.valueEnd - reader.valueStart);
    this.#sink.onValueBytes(all.subarray(reader.valueStart));
    return true;
  }

  #wait(all: Buffer): void {
    if (all.length > mostGathered) return this.#fault("answered with a result that comes before its success");
    this.#gathered.push(all);
    this.#lookAt = Math.min(2 * all.length, mostGathered + 1);
  }

  #value(bytes: Buffer): void {
    const now = Math.min(bytes.length, this.#valueLeft);
    this.#valueLeft -= now;
    this.#left -= now;
    if (now > 0) this.#sink.onValueBytes(now === bytes.length ? bytes : bytes.subarray(0, now));
    if (this.#valueLeft > 0) return;
    this.#part = "behind";
    this.#behind(bytes.subarray(now));
  }

  #behind(bytes: Buffer): void {
    this.#left -= bytes.length;
    if (this.#left < 0) return this.#fault("answered with more than one message");
    this.#gathered.push(bytes);
    if (this.#gathered.length > mostBehind) return this.#fault("answered with too much behind its result");
    if (this.#left > 0) return;
    const { reader } = this.#settings;
    const all = this.#gathered.take();
    this.#part = "over";
    const isRead = reader.read(all, 0, all.length) === "whole";
    const contradicts =
      reader.result !== "none" || reader.errorCode !== 0 || (reader.hasSuccess && !reader.success);
    if (isRead && !contradicts) this.#sink.onReplyEnd();
    else this.#fault("answered with a result and something that contradicts it");
  }

  #fault(did: string): void {
    this.#part = "over";
    this.#sink.onFault(did);
  }
}
