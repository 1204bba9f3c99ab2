import { PrismError } from "../../../protocol/index.js";
import {
  type ClosedBy,
  ErrorCode,
  HeaderList,
  type Stream,
  type StreamListener,
} from "../../../wire/index.js";
import type { ClientFault } from "./client-fault.js";
import type { Exchange } from "./exchange.js";
import { everyAnswer, type Fields } from "../common/fields.js";
import { windowBytes } from "./http-limits.js";
import { RequestBody } from "./request-body.js";

const proceed = new HeaderList([":status", "100"]);
const nothing = Buffer.alloc(0);

/** What a stream's exchange needs beside it. */
export interface Http2Settings {
  readonly headers: HeaderList;
  readonly onFault: (fault: ClientFault) => void;
  /** Fields that the answer has, whatever it is. */
  readonly always: Fields;
}

/** An exchange over a stream of HTTP/2. It hears what the stream does. */
export class Http2Exchange implements Exchange, StreamListener {
  readonly verb: string;
  readonly target: string;
  readonly body: RequestBody;
  readonly onFault: (fault: ClientFault) => void;
  begun = false;
  readonly #stream: Stream;
  readonly #headers: HeaderList;
  readonly #always: Fields;
  readonly #leaving = new AbortController();
  #wake: (() => void) | undefined;

  constructor(stream: Stream, { headers, onFault, always }: Http2Settings) {
    this.onFault = onFault;
    this.#stream = stream;
    this.#headers = headers;
    this.#always = always;
    this.verb = headers.get(":method") ?? "";
    this.target = headers.get(":path") ?? "";
    this.body = new RequestBody(announced(headers), {
      begin: () => {
        if (headers.get("expect")?.toLowerCase() === "100-continue") stream.sendHeaders(proceed, false);
      },
      taken: (bytes) => stream.credit(bytes),
    });
  }

  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  get fields(): readonly string[] {
    return this.#headers.fields;
  }

  header(name: string): string | undefined {
    const { fields } = this;
    let value: string | undefined;
    for (let i = 0; i < fields.length; i += 2)
      if (fields[i] === name) value = value === undefined ? fields[i + 1] : `${value}, ${fields[i + 1]}`;
    return value;
  }

  begin(status: number, fields: Fields): void {
    if (this.begun) return;
    this.begun = true;
    const all = Object.entries({ ...everyAnswer, ...this.#always, ...fields }).flat();
    const list = new HeaderList([":status", String(status), ...all]);
    this.#stream.sendHeaders(list, this.#isHead);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const stream = this.#stream;
    if (this.#isHead) return;
    stream.sendData(bytes, false);
    while (stream.queuedBytes > windowBytes) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  end(): void {
    if (!this.#isHead) this.#stream.sendData(nothing, true);
  }

  breakOff(): void {
    this.#stream.reset(ErrorCode.INTERNAL_ERROR);
  }

  /** Trailers: the body is complete. */
  onHeaders(): void {
    this.body.end();
  }

  onData(_stream: Stream, bytes: Buffer, credit: number, endStream: boolean): void {
    this.body.push(bytes, credit);
    if (endStream) this.body.end();
  }

  onDrain(): void {
    this.#wake?.();
  }

  onClose(_stream: Stream, _code: number, by: ClosedBy): void {
    this.body.fail(new PrismError("cancelled", "the client left before its request was complete"));
    if (by !== "end") this.#leaving.abort();
    this.#wake?.();
  }

  get #isHead(): boolean {
    return this.verb === "HEAD";
  }
}

function announced(headers: HeaderList): number | undefined {
  const length = headers.get("content-length");
  return length === undefined ? undefined : Number(length);
}
