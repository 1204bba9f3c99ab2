import type { HeaderList } from "../header-list.js";
import { headerTableBytes } from "../settings.js";
import { DynamicTable, entryBytes } from "./dynamic-table.js";
import { huffmanEncode, huffmanLength } from "./huffman.js";
import { writeInteger } from "./integer.js";
import { staticEntries, staticPlaces } from "./static-table.js";

/** Lists whose blocks are remembered, and the longest of these. */
const rememberedLists = 256;
const rememberedBytes = 1024;
/** Values that are remembered as sent before, and the longest of these. */
const rememberedValues = 256;
const longestValue = 256;
/** What a field takes beside its text at most: an index or two lengths. */
const fieldOverhead = 12;

/** Small secrets stay out of every table on the way (RFC 7541, section 7.1.3). */
const secretNames: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "prism-plugin-token",
]);
/** Fields that differ from call to call: their values are not worth remembering, nor coding; their names are. */
const volatileNames: ReadonlySet<string> = new Set([
  "grpc-timeout",
  "traceparent",
  "tracestate",
  "content-length",
  "date",
]);

const indexed = { bits: 7, first: 0x80 };
const addedLiteral = { bits: 6, first: 0x40 };
const plainLiteral = { bits: 4, first: 0 };
const neverLiteral = { bits: 4, first: 0x10 };
const tableSize = { bits: 5, first: 0x20 };
const codedText = { bits: 7, first: 0x80 };
const plainText = { bits: 7, first: 0 };

/**
 * Writes header blocks (RFC 7541). One a connection and direction.
 *
 * A field enters the table when it is sent again, and only while there is room: so what repeats becomes a byte, what
 * varies leaves the table as it is, and blocks once written stay valid.
 */
export class HpackEncoder {
  readonly table = new DynamicTable(headerTableBytes);
  readonly #blocks = new Map<HeaderList, Buffer>();
  /** Fields that have been sent once, by name. */
  readonly #seen = new Map<string, Set<string>>();
  #seenValues = 0;
  /** Whether the block at hand would be written the same again. */
  #isSettled = true;
  /** By name and value: which entry, counted from the first ever added. */
  readonly #places = new Map<string, Map<string, number>>();
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
    return this.#blocks.get(list);
  }

  /** How many bytes the block of a list may take at most. */
  mostBytes({ fields }: HeaderList): number {
    let bytes = fieldOverhead;
    for (let i = 0; i < fields.length; i += 2) {
      bytes += (fields[i] ?? "").length + (fields[i + 1] ?? "").length + fieldOverhead;
    }
    return bytes;
  }

  /** Writes a list's block at an offset of a buffer with {@link mostBytes} of room, and gives the offset behind it. */
  encode(list: HeaderList, out: Buffer, at: number): number {
    const { version } = this.table;
    const { fields, base } = list;
    const from = base === undefined ? at : this.#begin(base, out, at);
    this.#isSettled = !this.#mustTell;
    this.#out = out;
    this.#at = from;
    if (this.#mustTell) this.#tellSize();
    for (let i = base === undefined ? 0 : base.fields.length; i < fields.length; i += 2) {
      this.#field(list, fields[i] ?? "", fields[i + 1] ?? "");
    }
    this.#out = nothing;
    if (this.table.version !== version) this.#blocks.clear();
    else if (this.#isSettled && list.sent) this.#remember(list, out.subarray(at, this.#at));
    list.sent = true;
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
    this.#blocks.set(list, Buffer.from(block));
  }

  /** The table has shrunk: what pointed into it points nowhere. It is rare, so all begins anew. */
  #forget(): void {
    this.#blocks.clear();
    this.#places.clear();
  }

  #field({ neverIndexed }: HeaderList, name: string, value: string): void {
    if (secretNames.has(name) || neverIndexed.includes(name)) {
      this.#literal(name, value, neverLiteral);
      return;
    }
    const index = staticPlaces.get(name)?.values.get(value) ?? this.#indexOf(name, value);
    if (index !== undefined) this.#integer(index, indexed);
    else if (this.#isWorthAdding(name, value)) this.#add(name, value);
    else this.#literal(name, value, plainLiteral);
  }

  #indexOf(name: string, value: string): number | undefined {
    const place = this.#places.get(name)?.get(value);
    return place === undefined ? undefined : staticEntries + (this.table.added - place);
  }

  #isWorthAdding(name: string, value: string): boolean {
    if (value.length > longestValue) return false;
    if (this.table.size + entryBytes(name, value) > this.table.mostBytes) return false;
    // Once: then there is an index for the name.
    if (volatileNames.has(name)) return !this.#places.has(name);
    if (this.#seen.get(name)?.has(value)) return true;
    this.#see(name, value);
    return false;
  }

  #see(name: string, value: string): void {
    this.#isSettled = false;
    if (++this.#seenValues > rememberedValues) {
      this.#seen.clear();
      this.#seenValues = 1;
    }
    const values = this.#seen.get(name) ?? new Set<string>();
    this.#seen.set(name, values.add(value));
  }

  #add(name: string, value: string): void {
    this.#literal(name, value, addedLiteral);
    const values = this.#places.get(name) ?? new Map<string, number>();
    this.#places.set(name, values.set(value, this.table.added));
    this.table.add(name, value);
  }

  #literal(name: string, value: string, form: typeof addedLiteral): void {
    const index = this.#nameIndex(name);
    this.#integer(index, form);
    if (index === 0) this.#text(name);
    if (volatileNames.has(name)) this.#plainText(value);
    else this.#text(value);
  }

  #nameIndex(name: string): number {
    const inStatic = staticPlaces.get(name)?.index;
    if (inStatic !== undefined) return inStatic;
    const places = this.#places.get(name);
    if (places === undefined) return 0;
    for (const place of places.values()) return staticEntries + (this.table.added - place);
    return 0;
  }

  #integer(value: number, prefix: typeof indexed): void {
    this.#at = writeInteger(this.#out, this.#at, value, prefix);
  }

  #text(text: string): void {
    const codedLength = huffmanLength(text);
    if (codedLength < text.length) {
      this.#integer(codedLength, codedText);
      this.#at = huffmanEncode(text, this.#out, this.#at);
    } else this.#plainText(text);
  }

  #plainText(text: string): void {
    this.#integer(text.length, plainText);
    this.#at += this.#out.write(text, this.#at, "latin1");
  }
}

const nothing = Buffer.alloc(0);
