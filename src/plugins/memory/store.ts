import { full } from "./errors.js";
import { Expiries, type Mortal, nowhere } from "./expiries.js";
import { compareUtf8, OrderedKeys } from "./ordered-keys.js";

/** A value and when it ends, in milliseconds since 1970. */
export interface Item {
  readonly value: Uint8Array;
  readonly expiresAt: number | undefined;
}

interface Entry extends Item, Mortal {
  readonly key: string;
}

/** What an entry takes beside its key and value, roughly: its places in the map, among the ordered keys and the expiries. */
const entryBytes = 100;

/** Keys and values in memory, in order, bounded in bytes. An expired item is never seen. */
export class Store {
  readonly #entries = new Map<string, Entry>();
  readonly #keys = new OrderedKeys();
  readonly #expiries = new Expiries<Entry>();
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Item | undefined {
    const entry = this.#entries.get(key);
    return entry?.expiresAt === undefined ? entry : this.#unlessEnded(entry, this.#now());
  }

  /** Stores one item. What does not fit is refused and changes nothing. */
  set(key: string, item: Item): void {
    const now = this.#now();
    this.#makeRoom(this.#growth(key, item, now), now);
    this.#put(key, item);
  }

  /** Stores all of them or none. */
  setAll(items: ReadonlyMap<string, Item>): void {
    const now = this.#now();
    let growth = 0;
    for (const [key, item] of items) growth += this.#growth(key, item, now);
    this.#makeRoom(growth, now);
    for (const [key, item] of items) this.#put(key, item);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#remove(entry);
  }

  /** Items whose keys begin with a prefix and sort after another, in the order of their bytes. */
  *scan(prefix: string, after: string): Iterable<readonly [key: string, item: Item]> {
    const now = this.#now();
    for (const key of this.#keys.from(compareUtf8(after, prefix) > 0 ? after : prefix)) {
      if (!key.startsWith(prefix)) return;
      const entry = this.#entries.get(key);
      if (key !== after && entry && !hasEnded(entry, now)) yield [key, entry];
    }
  }

  /** Frees what has expired, so many at most; whether there may be more. */
  sweep(most: number): boolean {
    const now = this.#now();
    for (let freed = 0; freed < most; freed++) if (!this.#freeOne(now)) return false;
    return true;
  }

  /** What the item takes more than the one that it replaces. */
  #growth(key: string, item: Item, now: number): number {
    const entry = this.#entries.get(key);
    const old = entry && this.#unlessEnded(entry, now);
    return sizeOf(key, item) - (old ? sizeOf(key, old) : 0);
  }

  /** Frees of what has expired as much as it takes. */
  #makeRoom(growth: number, now: number): void {
    while (this.#bytes + growth > this.#maxBytes) if (!this.#freeOne(now)) throw full(this.#maxBytes);
  }

  #freeOne(now: number): boolean {
    const ended = this.#expiries.firstEnded(now);
    if (ended) this.#remove(ended);
    return ended !== undefined;
  }

  /** The entry as long as it lives; one that has expired is freed. */
  #unlessEnded(entry: Entry, now: number): Entry | undefined {
    if (!hasEnded(entry, now)) return entry;
    this.#remove(entry);
    return undefined;
  }

  #put(key: string, { value, expiresAt }: Item): void {
    const old = this.#entries.get(key);
    if (old) {
      this.#bytes -= sizeOf(key, old);
      this.#expiries.delete(old);
    } else this.#keys.add(key);
    const entry = { key, value, expiresAt, place: nowhere };
    this.#bytes += sizeOf(key, entry);
    this.#entries.set(key, entry);
    this.#expiries.add(entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#keys.delete(entry.key);
    this.#expiries.delete(entry);
    this.#bytes -= sizeOf(entry.key, entry);
  }
}

function hasEnded({ expiresAt }: Item, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function sizeOf(key: string, { value }: Item): number {
  return key.length + value.length + entryBytes;
}
