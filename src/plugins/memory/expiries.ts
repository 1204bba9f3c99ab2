/** Something that may end at a time. */
export interface Mortal {
  /** When it ends; undefined = never. */
  readonly expiresAt: number | undefined;
  /** Where it stands among the others, which is for {@link Expiries} to write; {@link nowhere} until it is added. */
  place: number;
}

/** The place of what is in no order. */
export const nowhere = -1;

/**
 * What ends, the first to end first, in a binary heap. Each knows its place, so that what is taken out early leaves nothing
 * behind; finding what has ended costs what has ended, however much there is.
 */
export class Expiries<T extends Mortal> {
  readonly #heap: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#heap.length;
  }

  /** Takes one in; what never ends is left out. */
  add(mortal: T): void {
    if (mortal.expiresAt === undefined) return;
    this.#rise(mortal, this.#heap.length);
  }

  /** Takes one out, if it is in. */
  delete(mortal: T): void {
    const { place } = mortal;
    if (place === nowhere) return;
    mortal.place = nowhere;
    const last = this.#heap.pop();
    if (last === undefined || last === mortal) return;
    this.#rise(last, place);
    this.#sink(last);
  }

  /** The first of those that have ended by a time. */
  firstEnded(now: number): T | undefined {
    const first = this.#heap[0];
    return first && endOf(first) <= now ? first : undefined;
  }

  /** Puts it where it belongs, at a free place or above. */
  #rise(mortal: T, free: number): void {
    const end = endOf(mortal);
    let place = free;
    while (place > 0) {
      const above = this.#heap[(place - 1) >>> 1];
      if (!above || endOf(above) <= end) break;
      const freed = above.place;
      this.#put(above, place);
      place = freed;
    }
    this.#put(mortal, place);
  }

  /** Moves it down as far as others end before it. */
  #sink(mortal: T): void {
    const end = endOf(mortal);
    for (;;) {
      const next = this.#firstBelow(mortal.place);
      if (!next || endOf(next) >= end) return;
      const { place } = next;
      this.#put(next, mortal.place);
      this.#put(mortal, place);
    }
  }

  #firstBelow(place: number): T | undefined {
    const [one, other] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]];
    return one && other && endOf(other) < endOf(one) ? other : one;
  }

  #put(mortal: T, place: number): void {
    this.#heap[place] = mortal;
    mortal.place = place;
  }
}

function endOf({ expiresAt }: Mortal): number {
  return expiresAt ?? Infinity;
}
