import { METHODS } from "node:http";
import type { Socket } from "node:net";
import type { DeadlineWheel } from "./deadline-wheel.js";
import type { RefusalReason } from "./peer-refusals.js";

/** What a client speaks, by its first bytes. */
export type Spoken = "http2" | "http1";

/** HTTP/2 begins with a method that HTTP/1.1 does not have. */
const beginnings: readonly (readonly [string, Spoken])[] = [
  ["PRI", "http2"],
  ...METHODS.map((method) => [`${method} `, "http1"] as const),
];
const longestBeginning = Math.max(...beginnings.map(([text]) => text.length));

/** Who waits for a connection's first bytes, and how long. */
export interface Sniffing {
  readonly deadlines: DeadlineWheel;
  /** From the connection's begin to its first bytes. */
  readonly silenceMs: number;
  readonly onSpoken: (spoken: Spoken, head: Buffer) => void;
  /** Nothing came that tells what is spoken, or what no HTTP begins with. */
  readonly onRefused: (reason: RefusalReason, message: string) => void;
}

/** Reads a connection's first bytes and tells what is spoken. */
export function sniff(socket: Socket, { deadlines, silenceMs, onSpoken, onRefused }: Sniffing): void {
  let head: Buffer = Buffer.alloc(0);
  const onDeadline = (): void => onRefused("handshake_ms", `nothing came for ${silenceMs} ms`);
  const deadline = deadlines.add({ onDeadline }, silenceMs);
  const leave = (): void => {
    deadlines.remove(deadline);
    socket.off("data", onData).off("close", leave).off("error", ignore);
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const said = head.toString("latin1", 0, longestBeginning);
    const fitting = beginnings.filter(([beginning]) => beginning.startsWith(said.slice(0, beginning.length)));
    const [first] = fitting;
    if (first === undefined) return onRefused("protocol_error", "what came is neither HTTP/2 nor HTTP/1.1");
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
