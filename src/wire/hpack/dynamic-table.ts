/** The dynamic table of HPACK (RFC 7541, sections 2.3.2 and 4): the newest entry first, the oldest evicted. */
export class DynamicTable {
  /** Rises with every change, so that who remembers an index knows when to forget it. */
  version = 0;
  /** Bytes that its entries count for. */
  size = 0;
  /** Entries that have ever been added. */
  added = 0;
  /** A ring: the n-th entry ever added lies at n modulo its length. */
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  readonly #places: number;
  #entries = 0;
  #most: number;

  /** Holds `mostBytes`, which {@link resize} can only make smaller and as large again. */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
    this.#places = Math.max(1, Math.ceil(mostBytes / entryOverhead));
  }

  get entries(): number {
    return this.#entries;
  }

  /** Bytes that it may hold now. */
  get mostBytes(): number {
    return this.#most;
  }

  /** The name of the entry that was added `age` entries ago; undefined where there is none. */
  nameAt(age: number): string | undefined {
    return age < this.#entries ? this.#names[(this.added - 1 - age) % this.#places] : undefined;
  }

  valueAt(age: number): string | undefined {
    return age < this.#entries ? this.#values[(this.added - 1 - age) % this.#places] : undefined;
  }

  /** Adds an entry and evicts what it takes the room of; one larger than the table only empties it. */
  add(name: string, value: string): void {
    const bytes = entryBytes(name, value);
    this.version++;
    this.#evict(this.#most - bytes);
    if (bytes > this.#most) return;
    const place = this.added % this.#places;
    this.#names[place] = name;
    this.#values[place] = value;
    this.added++;
    this.#entries++;
    this.size += bytes;
  }

  /** Sets the most bytes it may hold. */
  resize(mostBytes: number): void {
    this.#most = mostBytes;
    this.version++;
    this.#evict(mostBytes);
  }

  #evict(mostBytes: number): void {
    while (this.size > mostBytes && this.#entries > 0) {
      const oldest = (this.added - this.#entries) % this.#places;
      this.size -= entryBytes(this.#names[oldest] ?? "", this.#values[oldest] ?? "");
      this.#names[oldest] = this.#values[oldest] = "";
      this.#entries--;
    }
  }
}

/** What an entry counts for beside its text (RFC 7541, section 4.1). */
const entryOverhead = 32;

/** What an entry counts for; text is a byte a character. */
export function entryBytes(name: string, value: string): number {
  return name.length + value.length + entryOverhead;
}
