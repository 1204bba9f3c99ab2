import { full } from "./errors.js";
import { compareUtf8, OrderedKeys } from "./ordered-keys.js";

/** A value and when it ends, in milliseconds since 1970. */
export interface Item {
  readonly value: Uint8Array;
  readonly expiresAt: number | undefined;
}

/** What an entry takes beside its key and value, roughly: its places in the map and among the ordered keys. */
const entryBytes = 100;

/** Keys and values in memory, in order, bounded in bytes. An expired item is never seen. */
export class Store {
  readonly #items = new Map<string, Item>();
  readonly #keys = new OrderedKeys();
  readonly #maxBytes: number;
  readonly #now: () => number;
  /** Keys that will expire, so that a sweep need not look at the others. */
  readonly #mortal = new Set<string>();
  #bytes = 0;

  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (item?.expiresAt === undefined || item.expiresAt > this.#now()) return item;
    this.delete(key);
    return undefined;
  }

  /** Stores one item. What does not fit is refused and changes nothing. */
  set(key: string, item: Item): void {
    this.#makeRoom(this.#growth(key, item));
    this.#put(key, item);
  }

  /** Stores all of them or none. */
  setAll(items: ReadonlyMap<string, Item>): void {
    let growth = 0;
    for (const [key, item] of items) growth += this.#growth(key, item);
    this.#makeRoom(growth);
    for (const [key, item] of items) this.#put(key, item);
  }

  delete(key: string): void {
    const item = this.#items.get(key);
    if (!item) return;
    this.#items.delete(key);
    this.#keys.delete(key);
    this.#mortal.delete(key);
    this.#bytes -= sizeOf(key, item);
  }

  /** Items whose keys begin with a prefix and sort after another, in the order of their bytes. */
  *scan(prefix: string, after: string): Iterable<readonly [key: string, item: Item]> {
    const now = this.#now();
    for (const key of this.#keys.from(compareUtf8(after, prefix) > 0 ? after : prefix)) {
      if (!key.startsWith(prefix)) return;
      const item = this.#items.get(key);
      if (key === after || !item || (item.expiresAt !== undefined && item.expiresAt <= now)) continue;
      yield [key, item];
    }
  }

  /** Frees what has expired. */
  sweep(): void {
    for (const key of this.#mortal) this.get(key);
  }

  #growth(key: string, item: Item): number {
    const old = this.#items.get(key);
    return sizeOf(key, item) - (old ? sizeOf(key, old) : 0);
  }

  #makeRoom(growth: number): void {
    if (this.#bytes + growth <= this.#maxBytes) return;
    this.sweep();
    if (this.#bytes + growth > this.#maxBytes) throw full(this.#maxBytes);
  }

  #put(key: string, item: Item): void {
    const old = this.#items.get(key);
    this.#bytes += this.#growth(key, item);
    this.#items.set(key, item);
    if (!old) this.#keys.add(key);
    if (item.expiresAt === undefined) this.#mortal.delete(key);
    else this.#mortal.add(key);
  }
}

function sizeOf(key: string, { value }: Item): number {
  return key.length + value.length + entryBytes;
}
