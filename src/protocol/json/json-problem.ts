/** What a JSON text may cost: each refusal names the bound that was met. */
export interface JsonBounds {
  /** Objects and lists within each other. */
  readonly depth: number;
  /** Characters of one number, also of one that is written as a text. */
  readonly digits: number;
  /** Values in all: texts, numbers, objects, lists and the rest. Keys do not count beside theirs. */
  readonly values: number;
}

/** Where something stands in a JSON text, both from 1. A column is a code point. */
export interface JsonPlace {
  readonly line: number;
  readonly column: number;
}

/** A text that is no JSON, or could be read in two ways, or costs more than it may; the message says where. */
export class JsonProblem extends Error {
  /** The bound that was met; undefined where the text itself is at fault. */
  readonly bound: keyof JsonBounds | undefined;

  constructor(place: JsonPlace | undefined, what: string, bound?: keyof JsonBounds) {
    super(place ? `line ${place.line}, column ${place.column}: ${what}` : what);
    this.name = "JsonProblem";
    this.bound = bound;
  }
}
