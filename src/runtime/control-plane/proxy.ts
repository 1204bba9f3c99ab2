import type { Server, Socket } from "node:net";
import type { FromProxy, ToProxy } from "../model/proxy-messages.js";

/** One data plane, in a process of its own or in this one: messages go in and come out until it ends. */
export interface Proxy {
  readonly pid: number;
  /** Sends a message, with a handle where the message carries one. `onSent` hears once whether it left. */
  send(message: ToProxy, handle?: Server | Socket, onSent?: (failure: Error | null) => void): void;
  /** Ends it at once, whatever it does. `onEnd` follows. */
  kill(): void;
}

/** Hears of one proxy. */
export interface ProxyEvents {
  readonly onMessage: (message: FromProxy) => void;
  /** It is gone; the last event, exactly once. `how` such as "exited with code 1". */
  readonly onEnd: (how: string) => void;
}

/** Launches one proxy. What goes wrong is told by `onEnd`. */
export type LaunchProxy = (events: ProxyEvents) => Proxy;
