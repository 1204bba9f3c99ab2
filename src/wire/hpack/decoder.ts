import { ConnectionError, ErrorCode } from "../error-code.js";
import { HeaderList } from "../header-list.js";
import { DynamicTable, entryBytes } from "./dynamic-table.js";
import { huffmanDecode } from "./huffman.js";
import { IntegerReader } from "./integer.js";
import { staticEntries, staticTable } from "./static-table.js";

/** Blocks remembered by their bytes; a client repeats a handful. */
const rememberedBlocks = 128;
/** Longer blocks are rarely the same again. */
const rememberedBytes = 1024;

/** What bounds a decoded block. */
export interface DecoderBounds {
  readonly headerBytes: number;
  readonly headerFields: number;
}

/** Reads header blocks (RFC 7541). One a connection and direction: its table is the connection's. */
export class HpackDecoder {
  readonly #table = new DynamicTable(4096);
  readonly #known = new Map<string, HeaderList>();
  readonly #integer = new IntegerReader();
  readonly #bounds: DecoderBounds;
  #knownVersion = 0;

  constructor(bounds: DecoderBounds) {
    this.#bounds = bounds;
  }

  /**
   * Decodes a whole block. A block seen before with the table as it is now is looked up, not decoded. Undefined where the
   * block exceeds the bounds: it has been decoded all the same, because the table is shared, but not kept.
   */
  decode(block: Buffer): HeaderList | undefined {
    if (this.#table.version !== this.#knownVersion) {
      this.#known.clear();
      this.#knownVersion = this.#table.version;
    }
    if (block.length > rememberedBytes) return this.#decode(block);
    const bytes = block.toString("latin1");
    const known = this.#known.get(bytes);
    if (known !== undefined) return known;
    const list = this.#decode(block);
    if (list && this.#table.version === this.#knownVersion) {
      if (this.#known.size >= rememberedBlocks) this.#known.clear();
      this.#known.set(bytes, list);
    }
    return list;
  }

  #decode(block: Buffer): HeaderList | undefined {
    const fields: string[] = [];
    let bytes = 0;
    let mayResize = true;
    this.#integer.at = 0;
    while (this.#integer.at < block.length) {
      const first = block[this.#integer.at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        this.#resize(block, mayResize);
        continue;
      }
      mayResize = false;
      const before = fields.length;
      this.#field(block, first, fields);
      bytes += entryBytes(fields[before] ?? "", fields[before + 1] ?? "");
      if (bytes > this.#bounds.headerBytes || fields.length > this.#bounds.headerFields * 2)
        fields.length = before;
    }
    const fits = bytes <= this.#bounds.headerBytes && fields.length < this.#bounds.headerFields * 2;
    return fits ? new HeaderList(fields) : undefined;
  }

  #field(block: Buffer, first: number, fields: string[]): void {
    if (first >= 0x80) {
      const index = this.#integer.read(block, 7);
      fields.push(this.#name(index), this.#value(index));
      return;
    }
    const indexed = (first & 0x40) !== 0;
    const index = this.#integer.read(block, indexed ? 6 : 4);
    const name = index > 0 ? this.#name(index) : this.#text(block);
    const value = this.#text(block);
    fields.push(name, value);
    if (indexed) this.#table.add(name, value);
  }

  #resize(block: Buffer, mayResize: boolean): void {
    const size = this.#integer.read(block, 5);
    if (!mayResize || size > 4096) throw compression("a table size update that is not allowed");
    this.#table.resize(size);
  }

  #name(index: number): string {
    const name =
      index <= staticEntries ? staticTable[index * 2] : this.#table.nameAt(index - staticEntries - 1);
    if (index === 0 || name === undefined) throw compression(`index ${index} is not in the table`);
    return name;
  }

  #value(index: number): string {
    const value =
      index <= staticEntries ? staticTable[index * 2 + 1] : this.#table.valueAt(index - staticEntries - 1);
    return value ?? "";
  }

  #text(block: Buffer): string {
    const coded = ((block[this.#integer.at] ?? 0) & 0x80) !== 0;
    const length = this.#integer.read(block, 7);
    const from = this.#integer.at;
    this.#integer.at += length;
    if (this.#integer.at > block.length) throw compression("a string is cut short");
    const text = coded ? huffmanDecode(block, from, from + length) : block.toString("latin1", from, from + length);
    if (text === undefined) throw compression("broken Huffman code");
    return text;
  }
}

function compression(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, message);
}
