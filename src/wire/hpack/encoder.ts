import type { HeaderList } from "../header-list.js";
import { DynamicTable } from "./dynamic-table.js";
import { huffmanEncode, huffmanLength } from "./huffman.js";
import { writeInteger } from "./integer.js";
import { staticEntries, staticIndexOfField, staticIndexOfName } from "./static-table.js";

/** We never use more table than this, whatever the peer allows. */
const mostTableBytes = 4096;
/** Lists whose bytes are remembered. */
const rememberedLists = 256;

/** Small secrets stay out of every table on the way (RFC 7541, section 7.1.3). */
const secret: ReadonlySet<string> = new Set(["authorization", "cookie", "set-cookie", "prism-plugin-token"]);
/** Fields that differ from call to call would only push the others out. */
const volatileNames: ReadonlySet<string> = new Set([
  "grpc-timeout",
  "grpc-message",
  "grpc-status-details-bin",
  "traceparent",
  "tracestate",
  "content-length",
  "date",
  "etag",
]);

/** Writes header blocks (RFC 7541). One a connection and direction. */
export class HpackEncoder {
  readonly #table = new DynamicTable(mostTableBytes);
  readonly #known = new Map<HeaderList, Buffer>();
  #knownVersion = 0;
  #allowed = mostTableBytes;
  #resizeTo = -1;
  #out = Buffer.allocUnsafeSlow(4096);
  #at = 0;

  /** Follows the peer's HEADER_TABLE_SIZE; the next block tells it (RFC 7541, section 4.2). */
  allow(tableBytes: number): void {
    const bytes = Math.min(tableBytes, mostTableBytes);
    if (bytes === this.#allowed) return;
    this.#allowed = bytes;
    this.#resizeTo = bytes;
  }

  /** The list's block. It is valid until the next call; a list sent before with the table as it is now costs a lookup. */
  encode(list: HeaderList): Buffer {
    if (this.#table.version !== this.#knownVersion) {
      this.#known.clear();
      this.#knownVersion = this.#table.version;
    }
    const known = this.#known.get(list);
    if (known !== undefined && this.#resizeTo < 0) return known;
    return this.#encode(list);
  }

  #encode(list: HeaderList): Buffer {
    this.#at = 0;
    if (this.#resizeTo >= 0) {
      this.#at = writeInteger(this.#out, 0, this.#resizeTo, 5, 0x20);
      this.#table.resize(this.#resizeTo);
      this.#resizeTo = -1;
    }
    const { fields } = list;
    for (let i = 0; i < fields.length; i += 2) this.#field(fields[i] ?? "", fields[i + 1] ?? "");
    const block = this.#out.subarray(0, this.#at);
    if (this.#table.version === this.#knownVersion) {
      if (this.#known.size >= rememberedLists) this.#known.clear();
      this.#known.set(list, Buffer.from(block));
    }
    return block;
  }

  #field(name: string, value: string): void {
    this.#room(name.length + value.length + 32);
    const isSecret = secret.has(name);
    if (!isSecret) {
      const inStatic = staticIndexOfField.get(`${name}\n${value}`);
      if (inStatic !== undefined) return this.#index(inStatic);
      const age = this.#table.ageOfField(name, value);
      if (age >= 0) return this.#index(staticEntries + 1 + age);
    }
    const index = this.#nameIndex(name);
    if (isSecret || volatileNames.has(name)) {
      this.#at = writeInteger(this.#out, this.#at, index, 4, isSecret ? 0x10 : 0);
    } else {
      this.#at = writeInteger(this.#out, this.#at, index, 6, 0x40);
      this.#table.add(name, value);
    }
    if (index === 0) this.#text(name);
    this.#text(value);
  }

  #index(index: number): void {
    this.#at = writeInteger(this.#out, this.#at, index, 7, 0x80);
  }

  #nameIndex(name: string): number {
    const inStatic = staticIndexOfName.get(name);
    if (inStatic !== undefined) return inStatic;
    const age = this.#table.ageOfName(name);
    return age < 0 ? 0 : staticEntries + 1 + age;
  }

  #text(text: string): void {
    const coded = huffmanLength(text);
    if (coded < text.length) {
      this.#at = huffmanEncode(text, this.#out, writeInteger(this.#out, this.#at, coded, 7, 0x80));
    } else {
      this.#at = writeInteger(this.#out, this.#at, text.length, 7, 0);
      this.#at += this.#out.write(text, this.#at, "latin1");
    }
  }

  /** Makes room for so many bytes more. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#at + bytes));
    this.#out.copy(larger, 0, 0, this.#at);
    this.#out = larger;
  }
}
