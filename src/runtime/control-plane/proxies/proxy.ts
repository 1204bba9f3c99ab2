import type { Server, Socket } from "node:net";
import type { FromProxy, ToProxy } from "../../model/proxy-messages.js";

/** One data plane, in a process of its own or in this one: messages go in and come out until it ends. */
export interface Proxy {
  readonly pid: number;
  /** Sends a message, with the listener where the message carries one. */
  send(message: ToProxy, listener?: Server): void;
  /** Passes a connection on, of which nothing has been read. `onEnd` gives it back where the proxy has not taken it. */
  give(socket: Socket): void;
  /** Ends it at once, whatever it does. `onEnd` follows. */
  kill(): void;
}

/** Hears of one proxy. */
export interface ProxyEvents {
  readonly onMessage: (message: FromProxy) => void;
  /**
   * It is gone; the last event, exactly once. `how` such as "exited with code 1". Connections that it was given and
   * did not take are the hearer's.
   */
  readonly onEnd: (how: string, untaken: readonly Socket[]) => void;
}

/** Launches one proxy. What goes wrong is told by `onEnd`. */
export type LaunchProxy = (events: ProxyEvents) => Proxy;
