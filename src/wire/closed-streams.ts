/** Streams of one connection that are remembered: what is on its way to a peer and back when it cancels many at once. */
const remembered = 4096;
/** Places at first; both are powers of two. */
const firstPlaces = 8;

/**
 * The streams that we have reset lately. What the peer sent before it knew is passed over; what comes for any other closed
 * stream is its fault. Ids of one side rise by two, so each has a place that a much later one takes. No Set, because it
 * may change with every call (ADR 0005): the one that was here took a fifth of a server's time.
 */
export class ClosedStreams {
  /** 0 = free. */
  #places: number[] = [];

  /** We have reset this stream while the peer could still send. */
  add(stream: number): void {
    if (this.#places.length === 0) this.#places = new Array<number>(firstPlaces).fill(0);
    while (this.#isTaken(stream) && this.#places.length < remembered) this.#grow();
    this.#places[this.#placeOf(stream)] = stream;
  }

  /** Whether what comes for this stream is passed over. */
  has(stream: number): boolean {
    return this.#places[this.#placeOf(stream)] === stream;
  }

  #placeOf(stream: number): number {
    return (stream >>> 1) & (this.#places.length - 1);
  }

  #isTaken(stream: number): boolean {
    const other = this.#places[this.#placeOf(stream)] ?? 0;
    return other !== 0 && other !== stream;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Array<number>(before.length * 2).fill(0);
    for (const stream of before) if (stream !== 0) this.#places[this.#placeOf(stream)] = stream;
  }
}
