import type { Socket } from "node:net";
import { type ProxyHeader, readProxyHeader } from "./proxy-header.js";

/** Who waits for the header. Hears one of both, or neither where the client leaves. */
export interface HeaderTaking {
  /** What came behind the header is the socket's next to read. */
  readonly onHeader: (header: ProxyHeader) => void;
  /** The connection is to be closed. */
  readonly onRefused: (message: string) => void;
}

/** Takes the PROXY protocol's header off the begin of a connection. */
export function takeProxyHeader(socket: Socket, { onHeader, onRefused }: HeaderTaking): void {
  let bytes: Buffer = Buffer.alloc(0);
  const leave = (): void => void socket.off("data", onData).off("close", leave).off("error", ignore);
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    try {
      const header = readProxyHeader(bytes);
      if (header === undefined) return;
      leave();
      socket.pause();
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      onHeader(header);
    } catch (reason) {
      if (!(reason instanceof RangeError)) throw reason;
      onRefused(reason.message);
    }
  };
  socket.on("data", onData).on("close", leave).on("error", ignore).resume();
}

function ignore(): void {
  // A socket that breaks closes as well.
}
