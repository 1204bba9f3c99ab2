/** Keys a chunk holds before it is split in two. */
const maxChunk = 512;

/**
 * Keys in the order of their UTF-8 bytes, in sorted chunks: adding or removing one among a million moves a few hundred,
 * and reading on from any key needs two binary searches.
 */
export class OrderedKeys {
  readonly #chunks: string[][] = [];

  /** Adds a key that is not there. */
  add(key: string): void {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (!chunk) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(firstNotBefore(chunk, key), 0, key);
    if (chunk.length > maxChunk) this.#split(chunk);
  }

  /** Removes a key that is there. */
  delete(key: string): void {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    if (!chunk) return;
    const at = firstNotBefore(chunk, key);
    if (chunk[at] === key) chunk.splice(at, 1);
    if (chunk.length === 0) this.#chunks.splice(index, 1);
  }

  /** The keys from one on, itself included, in order. Nothing may be added or removed while it is read. */
  *from(key: string): Iterable<string> {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index] ?? [];
    for (let i = firstNotBefore(chunk, key); i < chunk.length; i++) yield chunk[i] ?? "";
    for (let next = index + 1; next < this.#chunks.length; next++) yield* this.#chunks[next] ?? [];
  }

  /** The last chunk that begins at or before a key, the first where none does. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#chunks[middle]?.[0] ?? "", key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #split(chunk: string[]): void {
    const upper = chunk.splice(chunk.length >>> 1);
    this.#chunks.splice(this.#chunks.indexOf(chunk) + 1, 0, upper);
  }
}

/** Compares texts by their UTF-8 bytes, without making them. */
export function compareUtf8(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const a = one.charCodeAt(i);
    const b = other.charCodeAt(i);
    if (a !== b) return rank(a) - rank(b);
  }
  return one.length - other.length;
}

/** UTF-16 sorts what lies beyond U+FFFF (surrogates) below U+E000; UTF-8 sorts it last. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function firstNotBefore(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8(sorted[middle] ?? "", key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
