import type { Duplex } from "node:stream";

/** After our last word, so long is the peer's last word waited for: closing at once could take ours from it. */
const lingerMs = 1000;

/** Says no more, and lets the socket go when the peer says no more either, or takes too long. */
export function hangUp(socket: Duplex): void {
  if (socket.destroyed) return;
  if (!socket.writableEnded) socket.end();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(timer));
}

/** The same once all that was said has been taken, which the caller sees to: a slow reader gets it all. */
export function hangUpInOrder(socket: Duplex): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.end(() => hangUp(socket));
}
