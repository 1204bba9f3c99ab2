import { huffmanEncode, huffmanLength } from "../../src/wire/hpack/huffman.js";
import { writeInteger } from "../../src/wire/hpack/integer.js";
import { staticEntries, staticPlaces } from "../../src/wire/hpack/static-table.js";

/** A header field, coded once: the load sends the same few again and again. */
export interface Field {
  readonly name: string;
  /** Its place in the static table, name and value; 0 = none. */
  readonly index: number;
  /** The place of its name there; 0 = none. */
  readonly nameIndex: number;
  readonly codedName: Buffer;
  readonly codedValue: Buffer;
  /** What it takes of a table (RFC 7541, section 4.1). */
  readonly tableBytes: number;
}

/** Makes a field. */
export function field(name: string, value: string): Field {
  const place = staticPlaces.get(name);
  return {
    name,
    index: place?.values.get(value) ?? 0,
    nameIndex: place?.index ?? 0,
    codedName: codedText(name),
    codedValue: codedText(value),
    tableBytes: name.length + value.length + 32,
  };
}

const mostTableBytes = 4096;
const indexed = { bits: 7, first: 0x80 };
const addedLiteral = { bits: 6, first: 0x40 };

/**
 * Writes header blocks as grpc-go, grpc-java and nghttp2 (grpc-js) do: whatever is not in the table is added to it. So
 * one field that differs from call to call moves all others, and no block is ever the same again.
 */
export class IndexingEncoder {
  readonly #places = new Map<Field, number>();
  /** The youngest entry of each name. */
  readonly #names = new Map<string, number>();
  readonly #sizes: number[] = [];
  #added = 0;
  #bytes = 0;

  /** Writes the block of these fields and gives the offset behind it. */
  encode(fields: readonly Field[], out: Buffer, start: number): number {
    let at = start;
    for (const one of fields) {
      const place = this.#places.get(one);
      if (one.index > 0) at = writeInteger(out, at, one.index, indexed);
      else if (this.#isThere(place)) at = writeInteger(out, at, this.#indexOf(place), indexed);
      else at = this.#add(one, out, at);
    }
    return at;
  }

  #add(one: Field, out: Buffer, start: number): number {
    const named = this.#names.get(one.name);
    const nameIndex = one.nameIndex || (this.#isThere(named) ? this.#indexOf(named) : 0);
    let at = writeInteger(out, start, nameIndex, addedLiteral);
    if (nameIndex === 0) at += one.codedName.copy(out, at);
    at += one.codedValue.copy(out, at);
    this.#bytes += one.tableBytes;
    while (this.#bytes > mostTableBytes) this.#bytes -= this.#sizes.shift() ?? 0;
    this.#sizes.push(one.tableBytes);
    this.#places.set(one, this.#added);
    this.#names.set(one.name, this.#added);
    this.#added++;
    return at;
  }

  #isThere(place: number | undefined): place is number {
    return place !== undefined && place >= this.#added - this.#sizes.length;
  }

  #indexOf(place: number): number {
    return staticEntries + (this.#added - place);
  }
}

/** A string literal, Huffman-coded where that is shorter. */
function codedText(text: string): Buffer {
  const coded = huffmanLength(text);
  const isShorter = coded < text.length;
  const out = Buffer.alloc(text.length + 8);
  const prefix = { bits: 7, first: isShorter ? 0x80 : 0 };
  const at = writeInteger(out, 0, isShorter ? coded : text.length, prefix);
  const end = isShorter ? huffmanEncode(text, out, at) : at + out.write(text, at, "latin1");
  return out.subarray(0, end);
}
