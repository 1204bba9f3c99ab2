import { connect, type Socket } from "node:net";
import { PrismError } from "../../../protocol/index.js";
import {
  type Backlog,
  type ClientConnection,
  clientLimits,
  connectHttp2,
  type Limits,
  type Refusal,
} from "../../../wire/index.js";
import type { WireLimits } from "../../model/proxy-messages.js";

/** What the ways to all instances share. */
export interface UpstreamSurroundings {
  /** Bounds what waits for plugins that do not take it, together with what waits for clients. */
  readonly backlog: Backlog;
  /** How many calls may wait for a connection to one instance, and what they may hold. */
  readonly limits: Pick<WireLimits, "waitingCalls" | "waitingBytes">;
  /** Its socket cannot be reached, or a connection to it broke: look after it now. */
  readonly onUnreachable: (instance: string, reason: string) => void;
  /** It broke a rule of HTTP/2, or met a limit. */
  readonly onRefused: (instance: string, refusal: Refusal, message: string) => void;
}

/** A call that waits for a connection. */
export interface Waiting {
  /** There is one: open your stream on it now. */
  proceed(connection: ClientConnection): void;
  /** There will be none. */
  fail(error: PrismError): void;
}

/** Where an instance listens. */
export interface UpstreamSettings {
  readonly id: string;
  readonly socket: string;
  readonly surroundings: UpstreamSurroundings;
}

const dialMs = 5000;
/** One connection carries what a plugin allows at once; more are opened only when it allows no more. */
const mostConnections = 4;

/**
 * A client that does not read holds a stream's window and no more. The connection's is as wide as it can be: were it met,
 * such clients would keep the answers of all others from coming. What they hold together the backlog bounds.
 */
const limits: Limits = { ...clientLimits, streamWindow: 128 * 1024, connectionWindow: 2 ** 31 - 1 };

/** The connections to one plugin instance, dialled when they are needed. */
export class Upstream {
  readonly #settings: UpstreamSettings;
  #connections: ClientConnection[] = [];
  readonly #waiting = new Set<Waiting>();
  #dialling: Socket | undefined;
  #heldBytes = 0;

  constructor(settings: UpstreamSettings) {
    this.#settings = settings;
  }

  /** A connection that takes a stream now, undefined where a call has to wait for one. */
  ready(): ClientConnection | undefined {
    for (const connection of this.#connections)
      if (connection.settled && connection.canOpen) return connection;
    return undefined;
  }

  /** Queues a call; it hears `proceed` or `fail` later, unless it is forgotten before. Throws when the queue is full. */
  wait(call: Waiting): void {
    const { id, surroundings } = this.#settings;
    if (this.#waiting.size >= surroundings.limits.waitingCalls) {
      const limit = "server.limits.waiting_calls";
      const message = `the plugin instance ${id} takes no more calls at once, and as many wait for it as ${limit} allows (${this.#waiting.size}): try again later`;
      throw new PrismError("overLimit", message, { info: { limit } });
    }
    this.#waiting.add(call);
    this.#dialIfWanted();
  }

  /** The call does not wait any more. */
  forget(call: Waiting): void {
    this.#waiting.delete(call);
  }

  /** A call that waits holds so many bytes more, or fewer. Throws when all of them together hold too many. */
  hold(bytes: number): void {
    const { id, surroundings } = this.#settings;
    const most = surroundings.limits.waitingBytes;
    if (this.#heldBytes + bytes > most && bytes > 0) {
      const limit = "server.limits.waiting_bytes";
      const message = `calls that wait for the plugin instance ${id} hold more than ${limit} allows (${most}): try again later`;
      throw new PrismError("overLimit", message, { info: { limit } });
    }
    this.#heldBytes += bytes;
  }

  /** Closes the connections once their streams have ended. A later call dials again. */
  close(): void {
    const connections = this.#connections;
    this.#connections = [];
    if (this.#waiting.size === 0) this.#dialling?.destroy();
    for (const connection of connections) connection.shutdown();
  }

  /** Ends every connection and every call on it. */
  destroy(): void {
    this.#dialling?.destroy();
    for (const connection of [...this.#connections]) connection.destroy();
  }

  #dial(): void {
    const socket = connect(this.#settings.socket);
    let reason = "the socket was closed";
    const late = setTimeout(() => socket.destroy(new Error(`no answer within ${dialMs} ms`)), dialMs);
    const onError = (error: Error): void => void (reason = error.message);
    const onClose = (): void => {
      clearTimeout(late);
      this.#dialling = undefined;
      this.#unreachable(reason);
    };
    this.#dialling = socket.on("error", onError).once("close", onClose);
    socket.once("connect", () => {
      clearTimeout(late);
      this.#dialling = undefined;
      socket.off("error", onError).off("close", onClose);
      this.#connected(socket);
    });
  }

  #connected(socket: Socket): void {
    const { id, surroundings } = this.#settings;
    let inOrder = false;
    const leave = (): void => {
      this.#connections = this.#connections.filter((other) => other !== connection);
    };
    const connection = connectHttp2(
      socket,
      { limits, backlog: surroundings.backlog },
      {
        onAvailable: () => this.#serveWaiting(),
        onGoaway: () => {
          inOrder = true;
          leave();
          this.#dialIfWanted();
        },
        onRefused: (refusal, message) => surroundings.onRefused(id, refusal, message),
        onClose: (reason) => {
          const ours = !this.#connections.includes(connection);
          leave();
          if (!inOrder && !ours) this.#broke(connection, reason || "it closed the connection");
        },
      },
    );
    // Calls begin when its SETTINGS have told how many it takes: more would be refused.
    this.#connections.push(connection);
  }

  #serveWaiting(): void {
    for (const call of this.#waiting) {
      const connection = this.ready();
      if (!connection) break;
      this.#waiting.delete(call);
      call.proceed(connection);
    }
    this.#dialIfWanted();
  }

  #dialIfWanted(): void {
    if (this.#waiting.size === 0 || this.#dialling || this.#connections.length >= mostConnections) return;
    if (this.#connections.every(({ settled }) => settled)) this.#dial();
  }

  #broke(connection: ClientConnection, reason: string): void {
    if (!connection.settled) return this.#unreachable(reason);
    this.#settings.surroundings.onUnreachable(this.#settings.id, reason);
    this.#dialIfWanted();
  }

  #unreachable(reason: string): void {
    this.#settings.surroundings.onUnreachable(this.#settings.id, reason);
    if (this.#connections.length > 0) return;
    const message = `the plugin instance ${this.#settings.id} cannot be reached (${reason}): try again in a moment`;
    for (const call of [...this.#waiting]) {
      this.#waiting.delete(call);
      call.fail(new PrismError("pluginAway", message));
    }
  }
}
