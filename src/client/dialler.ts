import { connect as openSocket, type Socket } from "node:net";
import { PrismError } from "../protocol/index.js";
import { type ClientConnection, connectHttp2 } from "../wire/index.js";
import { type Place, readAddress } from "./address.js";

/** Where Prism listens: "host:port" or "unix:/path", as its configuration has it, or the path of a Unix socket. */
export type Target = { readonly address: string } | { readonly socket: string };

const dialMs = 10_000;

/** Keeps one connection to a target: made with the first call that needs it, made anew when it was lost. */
export class Dialler {
  readonly #target: Target;
  #current: Promise<ClientConnection> | undefined;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Opens a call on a connection that takes one: `open` runs in the same breath as the look, so that no other call gets in
   * between. Rejects with kind `unreachable`, or with the signal's reason.
   */
  async use<T>(signal: AbortSignal, open: (connection: ClientConnection) => T): Promise<Awaited<T>> {
    for (;;) {
      if (this.#closed) throw new PrismError("shuttingDown", "this client is closed: connect a new one");
      const connection = await orAborted((this.#current ??= this.#dial()), signal);
      if (connection.canOpen) return await open(connection);
      await orAborted(this.#change(), signal);
    }
  }

  /** Ends the connection once the calls that run on it have ended. Safe to call twice. */
  close(): void {
    this.#closed = true;
    void this.#current?.then((connection) => connection.shutdown()).catch(() => undefined);
    this.#wake();
  }

  #dial(): Promise<ClientConnection> {
    const forget = (): void => {
      if (this.#current === dialled) this.#current = undefined;
      this.#wake();
    };
    const heard = { onAvailable: () => this.#wake(), onGoaway: forget, onClose: forget };
    const dialled = openedSocket(this.#target).then(
      (socket) => connectHttp2(socket, {}, heard),
      (reason: unknown) => {
        forget();
        throw unreachable(this.#target, reason);
      },
    );
    return dialled;
  }

  /** Until the peer may take another stream, or the connection is gone. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proceed of waiting) proceed();
  }
}

function openedSocket(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(placeOf(target));
    socket.setTimeout(dialMs, () => socket.destroy(new Error(`no answer within ${dialMs} ms`)));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0).removeAllListeners("timeout").off("error", reject).setNoDelay();
      resolve(socket);
    });
  });
}

function placeOf(target: Target): Place {
  if ("socket" in target) return { path: target.socket };
  const place = readAddress(target.address);
  if (place) return place;
  throw new Error(
    `"${target.address}" is no address: expected host:port, such as 127.0.0.1:50051, or unix:/path`,
  );
}

function unreachable(target: Target, cause: unknown): PrismError {
  const where = "socket" in target ? target.socket : target.address;
  const why = cause instanceof Error ? cause.message : String(cause);
  const remedy = "start one with `prism serve`, or give the address of one that runs";
  return new PrismError("unreachable", `no Prism answers at ${where} (${why}): ${remedy}`, { cause });
}

/** What a promise brings, unless the signal aborts first. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), {
      signal: over.signal,
      once: true,
    });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    over.abort();
  }
}
