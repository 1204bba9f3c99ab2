import { setTimeout as wait } from "node:timers/promises";
import { PrismError, printable } from "../protocol/index.js";

/** How long to go on: so many calls, or so much time; whichever is over first. */
export interface Extent {
  readonly count?: number | undefined;
  readonly forMs?: number | undefined;
}

/** How many calls went well. */
export interface Tally {
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly tookMs: number;
  readonly slowestMs: number;
  /** How often each kind of failure came, and its first sentence. */
  readonly failures: Readonly<Record<string, { readonly calls: number; readonly first: string }>>;
}

const pauseAfterFailureMs = 20;

/** Calls again and again, one after the other, and counts. Ends early, without complaint, when the signal aborts. */
export async function repeat(
  call: () => Promise<void>,
  { count = Infinity, forMs = Infinity }: Extent,
  signal: AbortSignal,
): Promise<Tally> {
  const failures: Record<string, { calls: number; first: string }> = {};
  const stopped = (): boolean => signal.aborted;
  const began = performance.now();
  let calls = 0;
  let failed = 0;
  let slowestMs = 0;
  while (!stopped() && calls < count && performance.now() - began < forMs) {
    const start = performance.now();
    try {
      await call();
    } catch (reason) {
      if (stopped()) break;
      failed++;
      const { kind, message } = PrismError.from(reason);
      (failures[kind] ??= { calls: 0, first: message }).calls++;
      await wait(pauseAfterFailureMs, undefined, { signal }).catch(() => undefined);
    }
    calls++;
    slowestMs = Math.max(slowestMs, performance.now() - start);
  }
  const tookMs = Math.round(performance.now() - began);
  return { calls, ok: calls - failed, failed, tookMs, slowestMs: Math.ceil(slowestMs), failures };
}

/** A tally in a line, and a line for each kind of failure. */
export function describe({ calls, ok, failed, tookMs, slowestMs, failures }: Tally): string {
  const seconds = (tookMs / 1000).toFixed(1);
  const kinds = Object.entries(failures).map(
    ([kind, told]) => `  ${told.calls} × ${kind}: ${printable(told.first)}`,
  );
  return [
    `${calls} calls in ${seconds} s: ${ok} ok, ${failed} failed; slowest ${slowestMs} ms`,
    ...kinds,
  ].join("\n");
}
