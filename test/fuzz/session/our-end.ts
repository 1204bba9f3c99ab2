import { HeaderList, type Stream, type StreamListener } from "../../../src/wire/index.js";
import { turn } from "../connection/memory-socket.js";
import { bodyOf, type Heard, type Said } from "./exchanges.js";

/** Our end of a stream: keeps what it hears. */
export class OurEnd implements StreamListener {
  readonly heard: Promise<Heard>;
  fields: string[] = [];
  readonly #body: Buffer[] = [];
  #isHeard: (heard: Heard) => void = () => undefined;
  #fail: (reason: Error) => void = () => undefined;

  constructor(fields?: string[]) {
    if (fields) this.fields = fields;
    this.heard = new Promise((resolve, reject) => ([this.#isHeard, this.#fail] = [resolve, reject]));
  }

  onHeaders(_stream: Stream, headers: HeaderList, endStream: boolean): void {
    const isHead = headers.get(":status") !== undefined;
    if (isHead) this.fields = own(headers.fields);
    if (endStream) this.end(isHead ? [] : [...headers.fields]);
  }

  onData(stream: Stream, bytes: Buffer, windowBytes: number, endStream: boolean): void {
    this.#body.push(Buffer.from(bytes));
    stream.credit(windowBytes);
    if (endStream) this.end([]);
  }

  /** All has come. */
  end(trailers: string[]): void {
    this.#isHeard({ fields: this.fields, body: Buffer.concat(this.#body), trailers });
  }

  onClose(_stream: Stream, code: number): void {
    this.#fail(new Error(`the stream was closed with ${code} before all had come`));
  }

  onDrain(): void {
    // What waits goes out by itself.
  }
}

/** Fields without those that a session has anyway. */
export function own(fields: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (!fields[i]?.startsWith(":")) kept.push(fields[i] ?? "", fields[i + 1] ?? "");
  return kept;
}

/** Says what is to be said, a piece a turn, behind the pseudo-fields. */
export async function say(
  begin: (headers: HeaderList, endStream: boolean) => Stream,
  pseudo: readonly string[],
  said: Said,
): Promise<void> {
  const pieces = bodyOf(said);
  const hasTrailers = said.trailers.length > 0;
  const headers = new HeaderList([...pseudo, ...said.fields.flat()]);
  const stream = begin(headers, pieces.length === 0 && !hasTrailers);
  for (const [i, piece] of pieces.entries()) {
    await turn();
    stream.sendData(piece, i === pieces.length - 1 && !hasTrailers);
  }
  if (hasTrailers) stream.sendHeaders(new HeaderList(said.trailers.flat()), true);
}
