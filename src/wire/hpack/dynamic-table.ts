/** The dynamic table of HPACK (RFC 7541, section 2.3.2): newest first, the oldest evicted. */
export class DynamicTable {
  /** Rises with every change, so that who remembers an index knows when to forget it. */
  version = 0;
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  #size = 0;
  #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get entries(): number {
    return this.#names.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The name of the entry that came `age` entries ago; undefined where there is none. */
  nameAt(age: number): string | undefined {
    return this.#names[this.#names.length - 1 - age];
  }

  valueAt(age: number): string | undefined {
    return this.#values[this.#values.length - 1 - age];
  }

  /** Adds an entry; one larger than the table empties it. */
  add(name: string, value: string): void {
    const bytes = entryBytes(name, value);
    this.version++;
    this.#evict(this.#most - bytes);
    if (bytes > this.#most) return;
    this.#names.push(name);
    this.#values.push(value);
    this.#size += bytes;
  }

  /** Sets the most bytes it may hold. */
  resize(most: number): void {
    this.#most = most;
    this.version++;
    this.#evict(most);
  }

  /** How many entries ago a field came; -1 where it is not there. */
  ageOfField(name: string, value: string): number {
    for (let i = this.#names.length - 1; i >= 0; i--) {
      if (this.#values[i] === value && this.#names[i] === name) return this.#names.length - 1 - i;
    }
    return -1;
  }

  /** How many entries ago a name came; -1 where it is not there. */
  ageOfName(name: string): number {
    const at = this.#names.lastIndexOf(name);
    return at < 0 ? -1 : this.#names.length - 1 - at;
  }

  #evict(most: number): void {
    let oldest = 0;
    while (this.#size > most && oldest < this.#names.length) {
      this.#size -= entryBytes(this.#names[oldest] ?? "", this.#values[oldest] ?? "");
      oldest++;
    }
    if (oldest > 0) {
      this.#names.splice(0, oldest);
      this.#values.splice(0, oldest);
    }
  }
}

/** What an entry counts for (RFC 7541, section 4.1); text is a byte a character. */
export function entryBytes(name: string, value: string): number {
  return name.length + value.length + 32;
}
