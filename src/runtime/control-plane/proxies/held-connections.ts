import type { Socket } from "node:net";

const holdMs = 10_000;

/** Connections that wait for a proxy: held a while, so that a proxy's fall is a delay and not an error. */
export class HeldConnections {
  readonly #most: number;
  readonly #held = new Map<number, { readonly socket: Socket; readonly timer: NodeJS.Timeout }>();
  #latest = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Holds a connection, and tells the number that it is held by. Drops it where too many wait, without a number, and
   * when it has waited too long.
   */
  hold(socket: Socket): number | undefined {
    if (this.#held.size >= this.#most) {
      socket.destroy();
      return undefined;
    }
    const number = ++this.#latest;
    const timer = setTimeout(() => this.take(number)?.destroy(), holdMs);
    this.#held.set(number, { socket, timer });
    return number;
  }

  /** The connection of that number, where it is held still; it is the caller's now. */
  take(number: number): Socket | undefined {
    const held = this.#held.get(number);
    clearTimeout(held?.timer);
    this.#held.delete(number);
    return held?.socket;
  }

  /** All that are held, in the order that they came; they are the caller's now. */
  release(): Socket[] {
    const held = [...this.#held.values()];
    for (const { timer } of held) clearTimeout(timer);
    this.#held.clear();
    return held.map(({ socket }) => socket);
  }
}
