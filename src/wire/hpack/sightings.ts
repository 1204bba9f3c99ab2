/** So many are kept in a row, for an idle connection is to stay small; then they get places. */
const fewest = 16;
const places = 256;

/**
 * Remembers by their hashes what texts have been seen lately: each has two places, and the third that belongs there
 * drives out the oldest. Two of one hash are taken for the same. No Map or Set, because what is seen changes with every
 * call (ADR 0005).
 */
export class Sightings {
  #hashes: number[] = [];

  /** Whether a text has been seen under this seed; it has from now on. */
  has(text: string, seed: number): boolean {
    const hash = hashOf(text, seed);
    const hashes = this.#hashes;
    if (hashes.length <= fewest) return hashes.includes(hash) || this.#line(hash);
    const place = hash & (places - 1);
    if (hashes[place] === hash || hashes[place ^ 1] === hash) return true;
    put(hashes, hash);
    return false;
  }

  /** Puts one more into the row, or gives all of it places; tells that it was not there. */
  #line(hash: number): false {
    this.#hashes.push(hash);
    if (this.#hashes.length <= fewest) return false;
    const few = this.#hashes;
    this.#hashes = new Array<number>(places).fill(0);
    for (const one of few) put(this.#hashes, one);
    return false;
  }
}

function put(hashes: number[], hash: number): void {
  const place = hash & (places - 1);
  hashes[place ^ 1] = hashes[place] ?? 0;
  hashes[place] = hash;
}

/** FNV-1a, 31 bits; never 0, which is no hash. */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 1 || 1;
}
