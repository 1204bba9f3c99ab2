/** Streams of one connection that are remembered: what is on its way to a peer and back when it cancels many at once. */
const remembered = 4096;

/**
 * The streams that we have reset lately. What the peer sent before it knew is passed over; what comes for any other closed
 * stream is its fault. The oldest is forgotten first.
 */
export class ClosedStreams {
  readonly #resetByUs = new Set<number>();

  /** We have reset this stream while the peer could still send. */
  add(stream: number): void {
    if (this.#resetByUs.size >= remembered) {
      for (const oldest of this.#resetByUs) {
        this.#resetByUs.delete(oldest);
        break;
      }
    }
    this.#resetByUs.add(stream);
  }

  /** Whether what comes for this stream is passed over. */
  has(stream: number): boolean {
    return this.#resetByUs.has(stream);
  }
}
