import type { Socket } from "node:net";
import type { DeadlineWheel } from "./deadline-wheel.js";

/** What a client speaks, by its first bytes. */
export type Spoken = "http2" | "http1";

/** HTTP/2 begins with a method that HTTP/1.1 does not have. */
const firstOfHttp2 = Buffer.from("PRI");

/** Who waits for a connection's first bytes, and how long. */
export interface Sniffing {
  readonly deadlines: DeadlineWheel;
  /** From the connection's begin to its first bytes. */
  readonly silenceMs: number;
  readonly onSpoken: (spoken: Spoken, head: Buffer) => void;
  /** Nothing came that tells what is spoken. */
  readonly onSilence: () => void;
}

/** Reads a connection's first bytes and tells what is spoken. */
export function sniff(socket: Socket, { deadlines, silenceMs, onSpoken, onSilence }: Sniffing): void {
  let head: Buffer = Buffer.alloc(0);
  const deadline = deadlines.add({ onDeadline: onSilence }, silenceMs);
  const leave = (): void => {
    deadlines.remove(deadline);
    socket.off("data", onData).off("close", leave).off("error", ignore);
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const compared = Math.min(head.length, firstOfHttp2.length);
    const fits = head.subarray(0, compared).equals(firstOfHttp2.subarray(0, compared));
    if (fits && compared < firstOfHttp2.length) return;
    leave();
    onSpoken(fits ? "http2" : "http1", head);
  };
  socket.on("data", onData).on("close", leave).on("error", ignore).resume();
}

function ignore(): void {
  // A socket that breaks closes as well.
}
