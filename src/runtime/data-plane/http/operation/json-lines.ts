import { PrismError, type ReadJson } from "../../../../protocol/index.js";
import { HttpRefusal } from "../http-refusal.js";
import type { Serving } from "../serving.js";
import { JsonText } from "./json-text.js";

const lineFeed = 0x0a;

/**
 * Reads a body whose every line is a JSON text, those with nothing in them left out. `next` gives its pieces, and
 * undefined at its end. Rejects where a line is no JSON, longer than `server.limits.json_line_bytes`, or costs too much.
 */
export async function* jsonLines(
  serving: Serving,
  next: () => Promise<Buffer | undefined>,
): AsyncGenerator<ReadJson> {
  const line = new Line(serving);
  for (let piece; (piece = await next());) {
    let begin = line.skipEmpty(piece);
    for (let end; (end = piece.indexOf(lineFeed, begin)) >= 0; begin = line.skipEmpty(piece, end + 1)) {
      await line.push(piece.subarray(begin, end));
      yield* line.end();
    }
    await line.push(piece.subarray(begin));
  }
  yield* line.end();
}

/** The line that is being read. */
class Line {
  readonly #serving: Serving;
  #number = 1;
  #length = 0;
  #text: JsonText;

  constructor(serving: Serving) {
    this.#serving = serving;
    this.#text = new JsonText(serving);
  }

  /** Passes over empty lines, where the line has not begun; gives where the first one begins that has something in it. */
  skipEmpty(piece: Buffer, from = 0): number {
    let at = from;
    if (this.#length > 0) return at;
    while (piece[at] === lineFeed) at++;
    if (at > from) this.#begin(this.#number + at - from);
    return at;
  }

  push(bytes: Buffer): Promise<void> {
    this.#length += bytes.length;
    checkLength(this.#length, this.#serving.limits.jsonLineBytes);
    return this.#text.push(bytes);
  }

  /** Its value, if it has one. It is held until the next one is asked for. */
  *end(): Generator<ReadJson> {
    if (!this.#text.isBlank) yield this.#text.end();
    this.#text.release();
    this.#begin(this.#number + 1);
  }

  #begin(number: number): void {
    this.#number = number;
    this.#length = 0;
    this.#text = new JsonText(this.#serving, number);
  }
}

function checkLength(length: number, most: number): void {
  if (length <= most) return;
  const limit = "server.limits.json_line_bytes";
  const message = `a line is longer than ${most} bytes (${limit}): send less in one message`;
  throw new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 413);
}
