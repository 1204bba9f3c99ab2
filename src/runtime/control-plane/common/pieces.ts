/** So much of a turn of the event loop a long piece of work may take. */
const mostMs = 10;

/** Parts work that grows with what is declared into pieces, so that nothing else waits for all of it. */
export class Pieces {
  #since = performance.now();

  /** To be awaited between two steps: ends this turn of the event loop where the work has had its share of it. */
  async next(): Promise<void> {
    if (performance.now() - this.#since < mostMs) return;
    await new Promise(setImmediate);
    this.#since = performance.now();
  }
}

/** Makes something of each item, in pieces. */
export async function mapInPieces<In, Out>(items: Iterable<In>, make: (item: In) => Out): Promise<Out[]> {
  const pieces = new Pieces();
  const made: Out[] = [];
  for (const item of items) {
    made.push(make(item));
    await pieces.next();
  }
  return made;
}
