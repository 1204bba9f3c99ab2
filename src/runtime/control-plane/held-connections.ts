import type { Socket } from "node:net";

const mostHeld = 1_000;
const holdMs = 10_000;

/** Connections that came while no proxy served: held a while, so that a proxy's fall is a delay and not an error. */
export class HeldConnections {
  readonly #timers = new Map<Socket, NodeJS.Timeout>();

  /** Holds a connection; drops it where too many wait, and when it has waited too long. */
  hold(socket: Socket): void {
    if (this.#timers.size >= mostHeld) {
      socket.destroy();
      return;
    }
    const drop = (): void => {
      this.#timers.delete(socket);
      socket.destroy();
    };
    this.#timers.set(socket, setTimeout(drop, holdMs));
  }

  /** All that are held; they are the caller's now. */
  release(): Socket[] {
    const sockets = [...this.#timers.keys()];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    return sockets;
  }
}
