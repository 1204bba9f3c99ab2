import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Few requests fit in one. */
const pieceBytes = 1024;

/**
 * Gives a connection to a server of node:http, which begins all requests that stand in what it is handed: so it is handed
 * little at once, and nothing more of a connection that has been closed or refused meanwhile. The socket has to be paused.
 */
export function serveInPieces(server: Server, socket: Socket, broken: AbortSignal): void {
  const before = socket.listeners("data");
  server.emit("connection", socket);
  const parse = socket.listeners("data").filter((each) => !before.includes(each));
  for (const listener of parse) socket.removeListener("data", listener as (bytes: Buffer) => void);
  socket.on("data", (bytes: Buffer) => {
    for (let at = 0; at < bytes.length && !socket.destroyed && !broken.aborted; at += pieceBytes)
      for (const listener of parse) Reflect.apply(listener, socket, [bytes.subarray(at, at + pieceBytes)]);
  });
}
