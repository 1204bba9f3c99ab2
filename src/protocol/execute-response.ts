import { textForEyes } from "./utf8.js";

const Success = 1;
const ErrorText = 2;
const ErrorCode = 3;
const TypedResult = 4;
const RawResult = 5;
const AnyTypeUrl = 1;
const AnyValue = 2;

const Varint = 0;
const Fixed64 = 1;
const LengthDelimited = 2;
const Fixed32 = 5;

const largestTag = 0xffff_ffff;
const slash = 0x2f;
/** Instead of a number that is not there. */
const unreadable = -1;

/** How far a look at an ExecuteResponse came: all of it, up to the result's value which goes on behind the bytes, or neither. */
export type Read = "whole" | "value goes on" | "needs more" | "garbage";

/**
 * Where things lie in an ExecuteResponse, read without decoding what it carries. One object serves reply after reply;
 * its fields tell of the last {@link read}. Offsets are in the bytes that were read.
 */
export class ExecuteResponseReader {
  success = false;
  /** It says whether it succeeded; one that does not has failed. */
  hasSuccess = false;
  errorCode = 0;
  errorStart = 0;
  errorEnd = 0;
  result: "typed" | "raw" | "none" = "none";
  /** Behind the last byte of a typed result. */
  resultEnd = 0;
  typeUrlStart = 0;
  typeUrlEnd = 0;
  valueStart = 0;
  /** Behind the bytes where the value goes on. */
  valueEnd = 0;

  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #to = 0;
  #number = 0;

  /** Reads a message that begins at `from` and ends at `end`, where the bytes may not reach yet. */
  read(bytes: Buffer, from: number, end: number): Read {
    this.#reset(bytes, from, end);
    while (this.#at < end) {
      const begin = this.#at;
      const tag = this.#varint();
      if (tag < 0) return this.#stop(begin, end);
      if (tag < 8 || tag > largestTag) return "garbage";
      this.#number = tag >>> 3;
      const done = this.#field(tag & 7, end);
      if (done !== undefined) return done;
    }
    return "whole";
  }

  /** The plugin's sentence on what went wrong. */
  error(longest: number): string {
    const end = Math.min(this.errorEnd, this.errorStart + longest);
    return textForEyes(this.#bytes.subarray(this.errorStart, end));
  }

  /** Whether the result says that it is a message of this type. */
  isA(typeName: Buffer): boolean {
    const start = this.typeUrlEnd - typeName.length;
    if (start <= this.typeUrlStart || this.#bytes[start - 1] !== slash) return false;
    for (let i = 0; i < typeName.length; i++) if (this.#bytes[start + i] !== typeName[i]) return false;
    return true;
  }

  #reset(bytes: Buffer, from: number, end: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = Math.min(bytes.length, end);
    this.success = this.hasSuccess = false;
    this.errorCode = this.errorStart = this.errorEnd = 0;
    this.result = "none";
    this.typeUrlStart = this.typeUrlEnd = this.valueStart = this.valueEnd = this.resultEnd = 0;
  }

  /** Reads one field's content; undefined where the next field follows. */
  #field(wireType: number, end: number): Read | undefined {
    if (wireType === Varint) return this.#varintField(end);
    if (wireType === Fixed64) return this.#skip(8, end);
    if (wireType === Fixed32) return this.#skip(4, end);
    if (wireType !== LengthDelimited) return "garbage";
    const begin = this.#at;
    const length = this.#varint();
    if (length < 0) return this.#stop(begin, end);
    if (length > end - this.#at) return "garbage";
    if (this.#number === TypedResult) return this.#any(this.#at + length);
    const start = this.#at;
    const rest = this.#skip(length, end);
    if (this.#number === ErrorText) [this.errorStart, this.errorEnd] = [start, start + length];
    else if (this.#number === RawResult) this.result = "raw";
    return rest;
  }

  #varintField(end: number): Read | undefined {
    const begin = this.#at;
    const value = this.#varint();
    if (value < 0) return this.#stop(begin, end);
    if (this.#number === Success) {
      this.success = value !== 0;
      this.hasSuccess = true;
    } else if (this.#number === ErrorCode) this.errorCode = value;
    return undefined;
  }

  #any(end: number): Read | undefined {
    this.result = "typed";
    this.resultEnd = end;
    while (this.#at < end) {
      const begin = this.#at;
      const tag = this.#varint();
      if (tag < 0) return this.#stop(begin, end);
      if ((tag & 7) !== LengthDelimited || tag < 8 || tag > largestTag) return "garbage";
      const lengthAt = this.#at;
      const length = this.#varint();
      if (length < 0) return this.#stop(lengthAt, end);
      if (length > end - this.#at) return "garbage";
      const start = this.#at;
      if (tag >>> 3 === AnyTypeUrl) [this.typeUrlStart, this.typeUrlEnd] = [start, start + length];
      else if (tag >>> 3 === AnyValue) [this.valueStart, this.valueEnd] = [start, start + length];
      if (length > this.#to - start) return tag >>> 3 === AnyValue ? "value goes on" : "needs more";
      this.#at += length;
    }
    return this.#at === end ? undefined : "garbage";
  }

  #skip(bytes: number, end: number): Read | undefined {
    if (bytes > end - this.#at) return "garbage";
    if (bytes > this.#to - this.#at) return "needs more";
    this.#at += bytes;
    return undefined;
  }

  /** A number could not be read: because its bytes are not there yet, or because it is none. */
  #stop(begin: number, end: number): Read {
    const mayGoOn = this.#at >= this.#to && this.#to < end && this.#at - begin < 10;
    return mayGoOn ? "needs more" : "garbage";
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1, count = 0; count < 10; count++, factor *= 128) {
      if (this.#at >= this.#to) break;
      const byte = this.#bytes[this.#at++] ?? 0;
      if (byte < 0x80) return value + byte * factor;
      value += (byte & 0x7f) * factor;
    }
    return unreadable;
  }
}
