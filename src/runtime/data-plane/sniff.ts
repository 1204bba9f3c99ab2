import type { Socket } from "node:net";
import type { DeadlineWheel } from "./deadline-wheel.js";

/** What a client speaks, by its first bytes. */
export type Spoken = "http2" | "http1";

/** HTTP/2 begins with a method that HTTP/1.1 does not have. */
const firstOfHttp2 = Buffer.from("PRI");

/** From the connection's begin to its first bytes. */
const silenceMs = 10_000;

/** Reads a connection's first bytes and tells what is spoken; a client that stays silent is left. */
export function sniff(
  socket: Socket,
  deadlines: DeadlineWheel,
  tell: (spoken: Spoken, head: Buffer) => void,
): void {
  let head: Buffer = Buffer.alloc(0);
  const deadline = deadlines.add({ onDeadline: () => socket.destroy() }, silenceMs);
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
    tell(fits ? "http2" : "http1", head);
  };
  socket.on("data", onData).on("close", leave).on("error", ignore).resume();
}

function ignore(): void {
  // A socket that breaks closes as well.
}
