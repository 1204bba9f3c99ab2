import { create, toBinary } from "@bufbuild/protobuf";
import { ExecuteResponseSchema } from "../protocol/gen/prism/plugin/plugin_pb.js";
import type { PrismError } from "../protocol/index.js";
import { frameMessage, messageHeadBytes } from "../wire/index.js";

/** A gRPC message ready to send: its frame's header and what wraps the result, then the result itself. */
export interface Answer {
  readonly head: Buffer;
  /** Empty where the result was small enough to be copied behind the head. */
  readonly body: Uint8Array;
}

/** Results from this size on are sent as they are, behind the head; smaller ones are cheaper to copy. */
const copiedBytes = 16 * 1024;

/** Field tags of ExecuteResponse and StreamResponse, length-delimited. */
const ExecuteTyped = 0x22;
const ExecuteRaw = 0x2a;
const StreamTyped = 0x0a;
const StreamRaw = 0x12;
const AnyValue = 0x12;
const success = Buffer.from([0x08, 0x01]);
const nothing = new Uint8Array();

/** Wraps an operation's results by writing what stands before them: protobuf needs no more, and nothing is encoded twice. */
export class AnswerWriter {
  readonly #before: Buffer;
  readonly #tag: number;
  /** The type URL's field of an Any, encoded; undefined for results that are bytes. */
  readonly #typeUrl: Buffer | undefined;

  constructor(kind: "unary" | "streaming", answers: string) {
    const raw = answers === "bytes";
    this.#before = kind === "unary" ? success : Buffer.alloc(0);
    if (kind === "unary") this.#tag = raw ? ExecuteRaw : ExecuteTyped;
    else this.#tag = raw ? StreamRaw : StreamTyped;
    this.#typeUrl = raw ? undefined : typeUrlField(answers);
  }

  wrap(result: Uint8Array): Answer {
    const typeUrl = this.#typeUrl;
    const { length } = result;
    const innerBytes = typeUrl ? typeUrl.length + 1 + varintBytes(length) + length : length;
    const messageBytes = this.#before.length + 1 + varintBytes(innerBytes) + innerBytes;
    const copies = length < copiedBytes;
    const head = Buffer.allocUnsafe(messageHeadBytes + messageBytes - (copies ? 0 : length));
    head[0] = 0;
    head.writeUInt32BE(messageBytes, 1);
    head.set(this.#before, messageHeadBytes);
    let at = messageHeadBytes + this.#before.length;
    head[at] = this.#tag;
    at = writeVarint(head, at + 1, innerBytes);
    if (typeUrl) {
      head.set(typeUrl, at);
      at += typeUrl.length;
      head[at] = AnyValue;
      at = writeVarint(head, at + 1, length);
    }
    if (!copies) return { head, body: result };
    head.set(result, at);
    return { head, body: nothing };
  }
}

/** The answer of an operation that failed. */
export function failureAnswer(error: PrismError): Buffer {
  const failed = { success: false, error: error.message, errorCode: error.code };
  return frameMessage(toBinary(ExecuteResponseSchema, create(ExecuteResponseSchema, failed)));
}

function typeUrlField(typeName: string): Buffer {
  const url = Buffer.from(`type.googleapis.com/${typeName}`);
  const field = Buffer.alloc(1 + varintBytes(url.length) + url.length);
  field[0] = 0x0a;
  field.set(url, writeVarint(field, 1, url.length));
  return field;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[next++] = (rest & 0x7f) | 0x80;
  target[next++] = rest;
  return next;
}
