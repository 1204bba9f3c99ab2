import type { Server } from "node:http";
import type { Socket } from "node:net";

/** What node:http does with the bytes of a connection. */
export interface Parsing {
  /** Reads some of them. */
  parse(bytes: Buffer): void;
  /** There are no more. */
  finish(): void;
}

type Listener = (...args: unknown[]) => void;

/**
 * Gives a connection to a server of node:http, but for its bytes: these the caller hands on, in such pieces and at such
 * times as it likes. The socket has to be paused.
 */
export function parseBy(server: Server, socket: Socket): Parsing {
  const [data, end] = [socket.listeners("data"), socket.listeners("end")];
  server.emit("connection", socket);
  const parse = takenOver(socket, "data", data);
  const finish = takenOver(socket, "end", end);
  return {
    parse: (bytes) => {
      for (const listener of parse) listener.call(socket, bytes);
    },
    finish: () => {
      for (const listener of finish) listener.call(socket);
    },
  };
}

/** Listeners that have been added since, which are not called by the socket any more. */
function takenOver(socket: Socket, event: "data" | "end", before: readonly unknown[]): Listener[] {
  const added = socket.listeners(event).filter((each) => !before.includes(each));
  const listeners = added.filter(isListener);
  for (const listener of listeners) socket.removeListener(event, listener);
  return listeners;
}

function isListener(value: unknown): value is Listener {
  return typeof value === "function";
}
