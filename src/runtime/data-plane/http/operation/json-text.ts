import { JsonProblem, JsonReader, PrismError, type ReadJson } from "../../../../protocol/index.js";
import { HttpRefusal } from "../http-refusal.js";
import type { Serving } from "../serving.js";

/** So much is read at once. */
const sliceBytes = 32 * 1024;
/** What a value takes beside the bytes that it was written with. */
const valueBytes = 64;
/** As much of a reason as helps: what does not fit may be of any length. */
const longestReason = 300;

/** One text of JSON that comes piece by piece. What it costs is bounded as it comes, and counted as held. */
export class JsonText {
  readonly #serving: Serving;
  readonly #reader: JsonReader;
  #heldBytes = 0;
  #countedValues = 0;

  /** `line` is the number of its first line. */
  constructor(serving: Serving, line = 1) {
    this.#serving = serving;
    this.#reader = new JsonReader(serving.jsonBounds, line);
  }

  /** Whether nothing but white space has come. */
  get isBlank(): boolean {
    return this.#reader.isBlank;
  }

  /** Reads on, in turns of the loop that others have as well: a piece with nothing in it takes its turn too. Rejects where it is no JSON, or costs too much. */
  async push(piece: Buffer): Promise<void> {
    let at = 0;
    do {
      const slice = piece.subarray(at, (at += sliceBytes));
      await this.#serving.turns.run(() => this.#reader.push(slice));
      this.#hold(slice.length);
    } while (at < piece.length);
  }

  /** What it stands for, once all of it has come. */
  end(): ReadJson {
    return this.#reader.end();
  }

  /** It is of no more use. */
  release(): void {
    this.#serving.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #hold(bytes: number): void {
    const more = bytes + (this.#reader.values - this.#countedValues) * valueBytes;
    this.#countedValues = this.#reader.values;
    this.#serving.hold(more);
    this.#heldBytes += more;
  }
}

/** The whole body; one with nothing in it is an object with nothing in it. Rejects where it is no JSON, or costs too much. */
export async function readBody(serving: Serving): Promise<ReadJson> {
  const text = new JsonText(serving);
  let bytes = 0;
  for await (const piece of serving.pieces()) {
    bytes += piece.length;
    await text.push(piece);
  }
  return bytes === 0 ? {} : text.end();
}

/** Why JSON did not become a message; `tell` makes the sentence of its reason. */
export function jsonRefusal(reason: unknown, tell: (why: string) => string): PrismError {
  if (reason instanceof PrismError) return reason;
  const why = (reason instanceof Error ? reason.message : String(reason)).slice(0, longestReason);
  if (!(reason instanceof JsonProblem) || reason.bound === undefined)
    return new PrismError("invalidRequest", tell(why), { cause: reason });
  const limit = `server.limits.json_${reason.bound}`;
  const message = `the JSON costs too much to read (${why}; ${limit}): send less at once, or use gRPC`;
  return new HttpRefusal(new PrismError("overLimit", message, { info: { limit } }), 413);
}
