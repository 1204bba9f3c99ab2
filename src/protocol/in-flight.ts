/** Something that runs, and knows where it is kept. */
export interface Placed {
  /** Its place among those in flight; -1 = it is not among them. Only {@link InFlight} writes it. */
  place: number;
}

/**
 * What runs just now, in no order: to come and to go is a write each. A Set, whose old table is left behind whenever it is
 * rebuilt, keeps ended calls alive until a full collection.
 */
export class InFlight<T extends Placed> {
  readonly #running: T[] = [];

  get size(): number {
    return this.#running.length;
  }

  add(one: T): void {
    one.place = this.#running.push(one) - 1;
  }

  /** False where it is not among them: it has gone before. */
  remove(one: T): boolean {
    const { place } = one;
    if (place < 0) return false;
    one.place = -1;
    const last = this.#running.pop();
    if (last !== undefined && last !== one) {
      this.#running[place] = last;
      last.place = place;
    }
    return true;
  }

  /** All of them, as they are now. */
  all(): T[] {
    return [...this.#running];
  }
}
