import { ConnectionError } from "../connection-error.js";
import { ErrorCode } from "../error-code.js";
import { HeaderList } from "../header-list.js";
import { headerTableBytes } from "../settings.js";
import { BlockCache } from "./block-cache.js";
import { DynamicTable, entryBytes } from "./dynamic-table.js";
import { huffmanDecode } from "./huffman.js";
import { IntegerReader } from "./integer.js";
import { staticEntries, staticName, staticValue } from "./static-table.js";

/** What bounds a decoded block. */
export interface DecoderBounds {
  readonly headerBytes: number;
  readonly headerFields: number;
}

/** A block larger than this leaves no text behind: an idle connection is to stay small. */
const keptBytes = 2048;

/** Reads header blocks (RFC 7541). One a connection and direction: its table is the connection's. */
export class HpackDecoder {
  readonly table = new DynamicTable(headerTableBytes);
  readonly #cache = new BlockCache();
  readonly #integer = new IntegerReader();
  readonly #bounds: DecoderBounds;
  #bytes: Buffer = nothing;
  #end = 0;
  /** The fields of the block at hand; one array for all blocks, because growing a new one costs more than the copy. */
  readonly #fields: string[] = [];
  #fieldsEnd = 0;
  #neverIndexed: string[] = [];
  /** Whether the table may hold a value with blanks around it. While it does not, only what is read anew is looked at. */
  #tableHasBlanks = false;
  #decodedBytes = 0;

  constructor(bounds: DecoderBounds) {
    this.#bounds = bounds;
  }

  /**
   * Decodes the whole block that lies from `start` to `end`. A block seen before with the table as it is now is looked
   * up, not decoded. Undefined where the block exceeds the bounds: it has been decoded all the same, because the table
   * is shared, but not kept.
   */
  decode(bytes: Buffer, start: number, end: number): HeaderList | undefined {
    const { version } = this.table;
    const known = this.#cache.find(bytes, start, end, version);
    if (known !== undefined) return known;
    const list = this.#decode(bytes, start, end);
    if (list && this.table.version === version) this.#cache.add(bytes, start, end, { version, list });
    return list;
  }

  #decode(bytes: Buffer, start: number, end: number): HeaderList | undefined {
    this.#bytes = bytes;
    this.#end = end;
    this.#fieldsEnd = 0;
    if (this.#neverIndexed.length > 0) this.#neverIndexed = [];
    this.#decodedBytes = 0;
    this.#integer.at = start;
    this.#resizes();
    while (this.#integer.at < end) this.#field(bytes[this.#integer.at] ?? 0);
    this.#bytes = nothing;
    if (!this.#fits) return undefined;
    const fields = this.#fields.slice(0, this.#fieldsEnd);
    if (this.#decodedBytes > keptBytes) this.#fields.length = 0;
    const secrets = this.#neverIndexed;
    return secrets.length > 0 ? new HeaderList(fields, secrets) : new HeaderList(fields);
  }

  get #fits(): boolean {
    const { headerBytes, headerFields } = this.#bounds;
    return this.#decodedBytes <= headerBytes && this.#fieldsEnd <= headerFields * 2;
  }

  /** Table size updates, which only the beginning of a block may have (RFC 7541, sections 4.2 and 6.3). */
  #resizes(): void {
    while (this.#integer.at < this.#end && ((this.#bytes[this.#integer.at] ?? 0) & 0xe0) === 0x20) {
      const size = this.#read(5);
      if (size > headerTableBytes) throw compression(`a table of ${size} bytes`);
      this.table.resize(size);
    }
  }

  #field(first: number): void {
    if (first >= 0x80) {
      const index = this.#read(7);
      this.#keep(this.#name(index), this.#value(index), this.#tableHasBlanks);
    } else if (first >= 0x40) {
      const name = this.#literalName(6);
      const value = this.#text();
      if (hasBlankEnd(value)) this.#tableHasBlanks = true;
      this.table.add(name, value);
      this.#keep(name, value, true);
    } else if (first >= 0x20) {
      throw compression("a table size update within a block");
    } else {
      const name = this.#literalName(4);
      const value = this.#text();
      this.#keep(name, value, true);
      if (first >= 0x10) this.#neverIndexed.push(name);
    }
  }

  /** Counts a field, and keeps it as long as the block is within its bounds: without the blanks around its value, which say nothing (RFC 9110, section 5.5). */
  #keep(name: string, value: string, mayHaveBlanks: boolean): void {
    this.#decodedBytes += entryBytes(name, value);
    if (!this.#fits) return;
    this.#fields[this.#fieldsEnd++] = name;
    this.#fields[this.#fieldsEnd++] = mayHaveBlanks && hasBlankEnd(value) ? stripped(value) : value;
  }

  #literalName(prefixBits: number): string {
    const index = this.#read(prefixBits);
    return index > 0 ? this.#name(index) : this.#text();
  }

  #read(prefixBits: number): number {
    return this.#integer.read(this.#bytes, this.#end, prefixBits);
  }

  #name(index: number): string {
    if (index <= staticEntries) {
      if (index === 0) throw compression("index 0");
      return staticName(index);
    }
    const name = this.table.nameAt(index - staticEntries - 1);
    if (name === undefined) throw compression(`index ${index} is not in the table`);
    return name;
  }

  #value(index: number): string {
    return index <= staticEntries
      ? staticValue(index)
      : (this.table.valueAt(index - staticEntries - 1) ?? "");
  }

  #text(): string {
    const isCoded = ((this.#bytes[this.#integer.at] ?? 0) & 0x80) !== 0;
    const length = this.#read(7);
    const from = this.#integer.at;
    const to = from + length;
    if (to > this.#end) throw compression("a string is cut short");
    this.#integer.at = to;
    if (!isCoded) return this.#bytes.toString("latin1", from, to);
    const text = huffmanDecode(this.#bytes, from, to);
    if (text === undefined) throw compression("broken Huffman code");
    return text;
  }
}

const nothing = Buffer.alloc(0);

/** Whether a value begins or ends with a blank or a tab. */
function hasBlankEnd(value: string): boolean {
  const last = value.length - 1;
  return last >= 0 && (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(last)));
}

/** By hand: a RegExp that looks for blanks at the end tries at each blank within. */
function stripped(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 9;
}

function compression(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, message);
}
