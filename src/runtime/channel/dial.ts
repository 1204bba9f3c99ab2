import { connect, type Socket } from "node:net";
import { type ClientConnection, connectHttp2 } from "../../wire/index.js";

/** A connection to a plugin, and when it is gone. */
export interface Dialled {
  readonly connection: ClientConnection;
  /** Resolves with the reason, empty for an orderly end, once the connection is gone. */
  readonly closed: Promise<string>;
}

/** Connects to a plugin's socket. Rejects with the system's error, or with the signal's reason where that aborts first. */
export async function dial(path: string, signal: AbortSignal): Promise<Dialled> {
  const socket = await connected(path, signal);
  return new Promise((resolve) => {
    const closed = new Promise<string>((onClose) => {
      const connection = connectHttp2(
        socket,
        {},
        { onAvailable: () => undefined, onGoaway: () => undefined, onClose },
      );
      // The connection exists before its end can be told.
      queueMicrotask(() => resolve({ connection, closed }));
    });
  });
}

function connected(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const settle = (done: () => void): void => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail).off("connect", succeed);
      done();
    };
    const abort = (): void => {
      settle(() => reject(signal.reason as Error));
      socket.on("error", () => undefined).destroy();
    };
    const fail = (reason: Error): void => settle(() => reject(reason));
    const succeed = (): void => settle(() => resolve(socket));
    socket.once("error", fail).once("connect", succeed);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
