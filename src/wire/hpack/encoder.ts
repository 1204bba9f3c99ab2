import type { HeaderList } from "../header-list.js";
import { headerTableBytes } from "../settings.js";
import { DynamicTable, entryBytes } from "./dynamic-table.js";
import { traitsOf } from "./field-traits.js";
import { huffmanEncode, huffmanLength } from "./huffman.js";
import { type Prefix, writeInteger } from "./integer.js";
import { Sightings } from "./sightings.js";
import { staticEntries } from "./static-table.js";

/** Lists whose blocks are remembered, and the longest of these. */
const rememberedLists = 256;
const rememberedBytes = 1024;
/** Longer values are not remembered as sent before. */
const longestValue = 256;
/** Longer text is not written character by character. */
const longestLooped = 32;
/** What a field takes beside its text at most: an index or two lengths. */
const fieldOverhead = 12;

const indexed = { bits: 7, first: 0x80 };
const addedLiteral = { bits: 6, first: 0x40 };
const plainLiteral = { bits: 4, first: 0 };
const neverLiteral = { bits: 4, first: 0x10 };
const tableSize = { bits: 5, first: 0x20 };
const codedPrefix = { bits: 7, first: 0x80 };
const plainPrefix = { bits: 7, first: 0 };

/** The entries of one name, each counted from the first ever added: the first of them, and by value. */
interface Named {
  readonly first: number;
  readonly places: Map<string, number>;
}

/** What bears on whether a field is worth a place in the table. */
interface Candidate {
  /** Where its name can be looked up; 0 = nowhere. */
  readonly nameIndex: number;
  readonly isVolatile: boolean;
}

/**
 * Writes header blocks (RFC 7541). One a connection and direction.
 *
 * A field enters the table when it is sent again, and only while there is room: so what repeats becomes a byte, what
 * varies leaves the table as it is, and blocks once written stay valid. Of a name that comes again with other values one
 * enters, so that there is an index for the name. Only what enters is Huffman-coded: the rest would be coded every time.
 */
export class HpackEncoder {
  readonly table = new DynamicTable(headerTableBytes);
  readonly #blocks = new Map<HeaderList, Buffer>();
  /** What has been sent lately and is not in the table. */
  readonly #seen = new Sightings();
  /** Whether the block at hand would be written the same again. */
  #isSettled = true;
  readonly #named = new Map<string, Named>();
  /** The smallest table since the last block, and whether the peer must be told of it; it must hear the smallest, then the last. */
  #smallest = headerTableBytes;
  #mustTell = false;
  #out: Buffer = nothing;
  #at = 0;

  /** Follows the peer's HEADER_TABLE_SIZE; the next block tells it (RFC 7541, section 4.2). */
  allow(tableBytes: number): void {
    const bytes = Math.min(tableBytes, headerTableBytes);
    if (bytes === this.table.mostBytes) return;
    this.#smallest = Math.min(this.#smallest, bytes);
    this.#mustTell = true;
    this.table.resize(bytes);
    this.#forget();
  }

  /** The block of a list that has been sent before with the table as it is now; undefined where there is none. */
  known(list: HeaderList): Buffer | undefined {
    return list.kept ? this.#blocks.get(list) : undefined;
  }

  /** How many bytes the block of a list may take at most. */
  mostBytes({ base, own }: HeaderList): number {
    let bytes = base === undefined ? fieldOverhead : this.mostBytes(base);
    for (let i = 0; i < own.length; i += 2) {
      bytes += (own[i] ?? "").length + (own[i + 1] ?? "").length + fieldOverhead;
    }
    return bytes;
  }

  /** Writes a list's block at an offset of a buffer with {@link mostBytes} of room, and gives the offset behind it. */
  encode(list: HeaderList, out: Buffer, at: number): number {
    const { version } = this.table;
    const { own, base, neverIndexed } = list;
    const from = base === undefined ? at : this.#begin(base, out, at);
    this.#isSettled = !this.#mustTell;
    this.#out = out;
    this.#at = from;
    if (this.#mustTell) this.#tellSize();
    for (let i = 0; i < own.length; i += 2) {
      const name = own[i] ?? "";
      if (neverIndexed.length > 0 && neverIndexed.includes(name)) this.#secret(name, own[i + 1] ?? "");
      else this.#field(name, own[i + 1] ?? "");
    }
    this.#out = nothing;
    if (this.table.version !== version) this.#blocks.clear();
    else if (this.#isSettled && list.sent) this.#remember(list, out.subarray(at, this.#at));
    if (!list.sent) list.sent = true;
    return this.#at;
  }

  /** Writes the block of a list that another begins with. */
  #begin(base: HeaderList, out: Buffer, at: number): number {
    const known = this.known(base);
    if (known === undefined) return this.encode(base, out, at);
    out.set(known, at);
    return at + known.length;
  }

  #tellSize(): void {
    const { mostBytes } = this.table;
    if (this.#smallest < mostBytes) this.#integer(this.#smallest, tableSize);
    this.#integer(mostBytes, tableSize);
    this.#smallest = mostBytes;
    this.#mustTell = false;
  }

  #remember(list: HeaderList, block: Buffer): void {
    if (block.length > rememberedBytes) return;
    if (this.#blocks.size >= rememberedLists) this.#blocks.clear();
    list.kept = true;
    this.#blocks.set(list, Buffer.from(block));
  }

  /** The table has shrunk: what pointed into it points nowhere. It is rare, so all begins anew. */
  #forget(): void {
    this.#blocks.clear();
    this.#named.clear();
  }

  #field(name: string, value: string): void {
    const { index: inStatic, values, isSecret, isVolatile } = traitsOf(name);
    if (isSecret) return this.#secret(name, value);
    const named = this.#named.get(name);
    // A value that always differs is looked up nowhere: it has no hash yet, and a look would make one.
    const index = isVolatile ? undefined : (values.get(value) ?? this.#indexAt(named?.places.get(value)));
    if (index !== undefined) return this.#integer(index, indexed);
    const nameIndex = inStatic || (this.#indexAt(named?.first) ?? 0);
    if (this.#isWorthAdding(name, value, { nameIndex, isVolatile })) this.#add(name, value, nameIndex);
    else this.#literal(name, value, { nameIndex, form: plainLiteral });
  }

  #secret(name: string, value: string): void {
    const nameIndex = traitsOf(name).index || (this.#indexAt(this.#named.get(name)?.first) ?? 0);
    this.#literal(name, value, { nameIndex, form: neverLiteral });
  }

  #indexAt(place: number | undefined): number | undefined {
    return place === undefined ? undefined : staticEntries + (this.table.added - place);
  }

  #isWorthAdding(name: string, value: string, { nameIndex, isVolatile }: Candidate): boolean {
    if (value.length > longestValue) return false;
    // One of a name that always differs or comes with other values: then there is an index for the name.
    let isWorth = nameIndex === 0 && (isVolatile || this.#sees(name, 0));
    if (!isVolatile && this.#sees(value, name.length)) isWorth = true;
    return isWorth && this.table.size + entryBytes(name, value) <= this.table.mostBytes;
  }

  /** Whether a text has been sent before, lately. Where it has not, the block would be another one the next time. */
  #sees(text: string, seed: number): boolean {
    const isSeen = this.#seen.has(text, seed);
    if (!isSeen) this.#isSettled = false;
    return isSeen;
  }

  #add(name: string, value: string, nameIndex: number): void {
    this.#integer(nameIndex, addedLiteral);
    if (nameIndex === 0) this.#codedText(name);
    this.#codedText(value);
    const place = this.table.added;
    const named = this.#named.get(name);
    if (named) named.places.set(value, place);
    else this.#named.set(name, { first: place, places: new Map([[value, place]]) });
    this.table.add(name, value);
  }

  #literal(name: string, value: string, { nameIndex, form }: { nameIndex: number; form: Prefix }): void {
    this.#integer(nameIndex, form);
    if (nameIndex === 0) this.#plainText(name);
    this.#plainText(value);
  }

  #integer(value: number, prefix: Prefix): void {
    this.#at = writeInteger(this.#out, this.#at, value, prefix);
  }

  #codedText(text: string): void {
    const codedLength = huffmanLength(text);
    if (codedLength < text.length) {
      this.#integer(codedLength, codedPrefix);
      this.#at = huffmanEncode(text, this.#out, this.#at);
    } else this.#plainText(text);
  }

  #plainText(text: string): void {
    const { length } = text;
    this.#integer(length, plainPrefix);
    if (length > longestLooped) {
      this.#at += this.#out.write(text, this.#at, "latin1");
      return;
    }
    for (let i = 0; i < length; i++) this.#out[this.#at++] = text.charCodeAt(i);
  }
}

const nothing = Buffer.alloc(0);
