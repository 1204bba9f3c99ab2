import { METHODS } from "node:http";
import type { Socket } from "node:net";

/** What a client speaks, by its first bytes. */
export type Spoken = "http2" | "http1";

/** HTTP/2 begins with a method that HTTP/1.1 does not have. */
const beginnings: readonly (readonly [string, Spoken])[] = [
  ["PRI", "http2"],
  ...METHODS.map((method) => [`${method} `, "http1"] as const),
];
const longestBeginning = Math.max(...beginnings.map(([text]) => text.length));

/** Who waits for a connection's first bytes. Hears one of both, or neither where the client leaves. */
export interface Sniffing {
  readonly onSpoken: (spoken: Spoken, head: Buffer) => void;
  /** What came is what no HTTP begins with: the connection is to be closed. */
  readonly onForeign: (head: Buffer) => void;
}

/** Reads a connection's first bytes and tells what is spoken. */
export function sniff(socket: Socket, { onSpoken, onForeign }: Sniffing): void {
  let head: Buffer = Buffer.alloc(0);
  const leave = (): void => void socket.off("data", onData).off("close", leave).off("error", ignore);
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const said = head.toString("latin1", 0, longestBeginning);
    const fitting = beginnings.filter(([beginning]) => beginning.startsWith(said.slice(0, beginning.length)));
    const [first] = fitting;
    if (first === undefined) return onForeign(head);
    const [beginning, spoken] = first;
    if (fitting.length > 1 || said.length < beginning.length) return;
    leave();
    onSpoken(spoken, head);
  };
  socket.on("data", onData).on("close", leave).on("error", ignore).resume();
}

function ignore(): void {
  // A socket that breaks closes as well.
}
