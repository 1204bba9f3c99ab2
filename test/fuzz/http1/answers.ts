import type { Heard } from "./door.js";

/** An answer as it stands in the bytes. */
export interface HeardAnswer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** What Prism says of itself in an answer. A name that is not here was made by what a client sent. */
const knownFields = new Set([
  ...["connection", "keep-alive", "date", "content-type", "content-length", "transfer-encoding"],
  ...["etag", "accept-ranges", "content-range", "allow", "vary", "cache-control", "x-accel-buffering"],
  ...["grpc-status", "grpc-message", "grpc-status-details-bin", "x-content-type-options"],
]); // prettier-ignore

/**
 * The answers in all that a connection has said, held to RFC 9112 to the letter: throws where a byte is none of an answer.
 * `verbs` are the methods of the requests in their order. 100 (Continue) is no answer of its own. Of a connection that was
 * reset, or is about to be closed over what was not read, the last may break off.
 */
export function answersIn({ bytes, isReset }: Heard, verbs: readonly string[]): HeardAnswer[] {
  const reader = new Reader(bytes.toString("latin1"));
  const answers: HeardAnswer[] = [];
  try {
    while (!reader.atEnd) {
      const answer = reader.head();
      if (answer.status === 100) continue;
      const isEmpty = verbs[answers.length] === "HEAD" || answer.status === 204 || answer.status === 304;
      answers.push(answer);
      if (!isEmpty) reader.body(answer);
    }
  } catch (reason) {
    const isOver = isReset || answers.some(isLast);
    if (!isOver || !(reason instanceof BreaksOff)) throw reason;
  }
  return answers;
}

/** Whether an answer is its connection's last. */
export function isLast({ fields }: HeardAnswer): boolean {
  return fields.get("connection") === "close";
}

/** The bytes end where an answer does not. */
class BreaksOff extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  head(): HeardAnswer {
    const line = this.#line();
    const [, status] = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]+$/.exec(line) ?? this.#fail(`"${line}" begins no answer`);
    const fields = new Map<string, string>();
    for (let next; (next = this.#line()) !== "";) {
      const [, name = "", value = ""] = /^([\w-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/.exec(next) ?? this.#fail(`"${next}" is no field`);
      const known = name.toLowerCase();
      if (!knownFields.has(known) || fields.has(known)) this.#fail(`"${next}" is no field of Prism's`);
      fields.set(known, value);
    }
    return { status: Number(status), fields };
  } // prettier-ignore

  body({ fields }: HeardAnswer): void {
    const length = fields.get("content-length");
    const coding = fields.get("transfer-encoding");
    if (coding === "chunked" && length === undefined) return this.#chunks();
    if (coding !== undefined) this.#fail(`the answer is coded "${coding}", and announces ${length ?? "nothing"}`);
    if (length === undefined) return this.#untilEnd(fields);
    if (!/^\d+$/.test(length)) this.#fail(`"${length}" is no length`);
    this.#skip(Number(length));
  } // prettier-ignore

  /** Without a length it ends with the connection, to a client that knows no chunks. */
  #untilEnd(fields: ReadonlyMap<string, string>): void {
    if (fields.get("connection") !== "close") this.#fail("an answer has no length");
    this.#at = this.#text.length;
  }

  #chunks(): void {
    for (let bytes = -1; bytes !== 0;) {
      const size = this.#line();
      if (!/^[\da-f]+$/i.test(size)) this.#fail(`"${size}" is no chunk's size`);
      bytes = parseInt(size, 16);
      this.#skip(bytes);
      if (this.#line() !== "") this.#fail("a chunk is longer than its size");
    }
  }

  #line(): string {
    const end = this.#text.indexOf("\r\n", this.#at);
    if (end < 0) this.#breakOff();
    const line = this.#text.slice(this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#text.length) this.#breakOff();
  }

  #breakOff(): never {
    throw new BreaksOff(`an answer breaks off at the end of:\n${this.#text.slice(0, 3000)}`);
  }

  #fail(what: string): never {
    throw new Error(`${what}, at ${this.#at} of:\n${this.#text.slice(0, 3000)}`);
  }
}
